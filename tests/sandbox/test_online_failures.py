"""Which models the sandbox says would not come up on the service."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlflow_aml_magics.sandbox.online_failures import failure, is_servable

NEEDED = ["mlflow==3.6.0", "azureml-ai-monitoring", "azureml-inference-server-http"]


@pytest.mark.parametrize(
    ("conda", "step"),
    [
        (NEEDED, ""),
        (NEEDED[:-1], "start"),
        ([NEEDED[0], NEEDED[2]], "start"),
        (["mlflow==3.15.0", *NEEDED[1:]], "start"),
        (["mlflow", *NEEDED[1:]], "start"),
        (["mlflow<3.7", *NEEDED[1:]], ""),
        (["mlflow-skinny==3.10.1", *NEEDED[1:]], "start"),
        ([*NEEDED[:2], f"{NEEDED[2]}==1.3.2"], "start"),
        ([*NEEDED[:2], f"{NEEDED[2]}>=1.2"], ""),
        ([*NEEDED[:2], f"{NEEDED[2]}<1.3"], ""),
        (["mlflow>=2.9,<3", *NEEDED[1:]], ""),
        (["mlflow==2.16.2", "azureml_ai_monitoring", "azureml.inference-server-http[x]>=1.4 ; python_version>'3'"], ""),
    ],
    ids=str,
)
@pytest.mark.parametrize("file", ["conda.yaml", "requirements.txt"])
def test_environments_that_do_not_come_up(conda: list[str], step: str, file: str, tmp_path: Path) -> None:
    pip = "".join(f"\n  - {line}" for line in conda)
    text = f"dependencies:\n- python=3.10.1\n- pip:{pip}\n" if file == "conda.yaml" else "\n".join(conda)
    (tmp_path / file).write_text(text)
    found = failure(tmp_path)
    assert (found.step if found else "") == step


def test_an_old_python_builds_no_image(tmp_path: Path) -> None:
    (tmp_path / "conda.yaml").write_text("dependencies: [python=3.7.13, pip]")
    found = failure(tmp_path)
    assert found is not None
    assert (found.step, found.code) == ("build", "ImageBuildFailure")


@pytest.mark.parametrize("text", ["", "[1, 2", "- a\n- b", "dependencies: 7", "\x00"])
def test_files_that_are_no_environment(text: str, tmp_path: Path) -> None:
    for name in ("conda.yaml", "MLmodel", "python_env.yaml", "requirements.txt"):
        (tmp_path / name).write_text(text)
    found = failure(tmp_path)
    assert found is not None  # what is not asked for is not there
    assert found.step == "start"
    assert not is_servable(tmp_path)
