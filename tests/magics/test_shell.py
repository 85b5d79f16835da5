"""The extension in a shell: loading, help, mistyped words, completion, settings, leaving."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from IPython.core.completer import provisionalcompleter

from mlflow_aml_magics.errors import UsageError


def completions(shell: Any, text: str) -> list[str]:
    with provisionalcompleter():
        return [c.text for c in shell.ip.Completer.completions(text, len(text))]


def test_aml_lists_every_verb(shell: Any) -> None:
    from mlflow_aml_magics.magics import VERBS

    text = repr(shell.run("%aml"))
    assert all(f"%aml_{verb}" in text for verb in VERBS)


@pytest.mark.parametrize(
    ("line", "nearest"),
    [
        ("%aml_trak", "%aml_track"),
        ("x = %aml_rusn", "%aml_runs"),
        ("%aml compar", "%aml_compare"),
        ("%aml_track --experimnt x", "--experiment"),
        ("%aml_best --metrc x", "--metric"),
    ],
)
def test_mistyped_words_name_the_nearest(shell: Any, line: str, nearest: str) -> None:
    with pytest.raises(UsageError) as caught:
        shell.run(line)
    assert nearest in (caught.value.hint or "")


def test_other_magics_and_code_are_left_alone(shell: Any) -> None:
    assert shell.run("x = '%aml_trak'\nx") == "%aml_trak"
    assert shell.run('x = """\n%aml_custom x\n"""\nx') == "\n%aml_custom x\n"
    shell.ip.register_magic_function(lambda line: f"mine {line}", "line", "aml_mine")
    assert shell.run("%aml_mine x") == "mine x"


def test_help_has_options_and_examples(shell: Any, capsys: pytest.CaptureFixture[str]) -> None:
    shell.run("%aml_track --help")
    assert "--experiment" in (text := capsys.readouterr().out)
    assert "examples:" in text
    assert "--experiment" in shell.ip.magics_manager.magics["line"]["aml_track"].__doc__


def test_an_open_quote_is_said(shell: Any) -> None:
    with pytest.raises(UsageError, match="not closed"):
        shell.run("%aml_runs params.a = 'x")


def test_errors_show_message_and_hint_without_a_stack(shell: Any, capsys: pytest.CaptureFixture[str]) -> None:
    shell.ip.run_cell("%aml_trak")
    shown = capsys.readouterr()
    text = shown.out + shown.err
    assert "UsageError: there is no magic %aml_trak" in text
    assert "try: did you mean %aml_track?" in text
    assert "Traceback" not in text


def test_tab_completes_verbs_options_and_names(runs: Any) -> None:
    runs.run("%aml_track --experiment another --no-autolog")
    assert "%aml_track" in completions(runs, "%aml_tr")
    assert "--experiment" in completions(runs, "%aml_track --exp")
    assert {"wine", "another"} <= set(completions(runs, "%aml_runs --experiment "))
    runs.run("%aml_track --experiment wine --no-autolog")
    assert {"low", "high", "none"} <= set(completions(runs, "x = %aml_show "))
    assert "rmse" in completions(runs, "%aml_best --metric r")


def test_settings_come_from_config_pyproject_and_environment(
    shell: Any, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "pyproject.toml").write_text('[tool.mlflow_aml_magics]\nexperiment = "from-file"\nautolog = false\n')
    assert "from-file" in repr(shell.run("%aml_track"))
    assert "pyproject.toml" in repr(shell.run("%aml_track --status"))
    monkeypatch.setenv("AML_MAGICS_EXPERIMENT", "from-env")
    assert "from-env" in repr(shell.run("%aml_track"))
    shell.run("%config AmlMagics.experiment = 'from-config'")
    assert "from-config" in repr(shell.run("%aml_track"))
    assert "named" in repr(shell.run("%aml_track --experiment named"))


def test_an_unknown_setting_is_named(shell: Any, here: Path) -> None:
    (here / "pyproject.toml").write_text('[tool.mlflow_aml_magics]\nexperimnt = "x"\n')
    with pytest.raises(UsageError, match="experimnt") as caught:
        shell.run("%aml_track")
    assert "experiment" in (caught.value.hint or "")


def test_unload_puts_everything_back(bare_shell: Any, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import mlflow

    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "mine")
    environment = dict(os.environ)
    transformers = list(bare_shell.ip.input_transformers_cleanup)
    magics = {kind: set(names) for kind, names in bare_shell.ip.magics_manager.magics.items()}
    bare_shell.run("%load_ext mlflow_aml_magics")
    bare_shell.run("%aml_track sqlite:///mlflow.db --experiment wine")
    assert mlflow.get_tracking_uri() == f"sqlite:///{here}/mlflow.db"
    bare_shell.run("%unload_ext mlflow_aml_magics")
    assert {k: v for k, v in os.environ.items() if "MLFLOW" in k} == {
        k: v for k, v in environment.items() if "MLFLOW" in k
    } | {k: v for k, v in os.environ.items() if k.startswith("_MLFLOW")}
    assert not mlflow.is_tracking_uri_set()
    assert bare_shell.ip.input_transformers_cleanup == transformers
    assert "AmlMagics" not in {type(c).__name__ for c in bare_shell.ip.configurables}
    assert {kind: set(names) for kind, names in bare_shell.ip.magics_manager.magics.items()} == magics
    assert not any("aml" in str(c) for c in completions(bare_shell, "%aml_tr"))
