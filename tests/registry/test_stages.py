"""Stages, aliases and comments of a version: the same on a SQLite store and on Azure Machine Learning."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mlflow_aml_magics.errors import ModelNotFound, StoreError, UsageError
from mlflow_aml_magics.services.model_history import KEEP, PREFIX, history_of

if TYPE_CHECKING:
    from mlflow_aml_magics.sandbox import Sandbox
    from mlflow_aml_magics.workspace import Workspace

Versions = Callable[["Workspace", int], str]
HOSTILE = "<script>alert(1)</script> \x1b[31m`|*_\u202e' OR 1=1; \n## no heading"


@pytest.fixture
def versions(called: str) -> Versions:
    """Makes a model with so many versions, without files; its name."""

    def make(ws: Workspace, count: int) -> str:
        client = ws.connection.mlflow
        with ws.connection.guard("making versions"):
            experiment = client.get_experiment_by_name(called).experiment_id
            run = client.create_run(experiment)
            client.set_terminated(run.info.run_id)
            client.create_registered_model(called)
            for _ in range(count):
                client.create_model_version(called, f"{run.info.artifact_uri}/model", run.info.run_id)
        return called

    return make


def test_a_stage_change_keeps_its_comment(ws: Workspace, versions: Versions) -> None:
    name = versions(ws, 2)
    ws.set_stage(f"{name}:1", "staging", comment="looks good")
    card = ws.set_stage(f"{name}:1", "Production", comment="won the blind tasting")
    assert (card.stage, card.version) == ("Production", "1")
    told = [(c.what, c.before, c.after, c.text) for c in card.history]
    assert told == [
        ("stage", "Staging", "Production", "won the blind tasting"),
        ("stage", "None", "Staging", "looks good"),
    ]
    assert all(change.who for change in card.history)
    assert card.history[0].at >= card.history[1].at
    assert "Staging → Production: won the blind tasting" in repr(ws.model(f"{name}:1"))
    assert [(v.version, v.stage) for v in ws.models(name)] == [("2", ""), ("1", "Production")]
    assert "Production" in repr(ws.models(name))
    assert PREFIX not in repr(card)  # it is told, not shown as a tag


def test_an_alias_moves_with_its_reason(ws: Workspace, versions: Versions) -> None:
    name = versions(ws, 2)
    ws.set_alias(f"{name}:1", "champion")
    card = ws.set_alias(f"{name}:2", "champion", comment="better on Merlot")
    assert card.aliases == ("champion",)
    assert dict(card.model_version.tags).keys() == {key for key in card.model_version.tags if key.startswith(PREFIX)}
    assert card.history[0].sentence == "alias champion, until then of version 1: better on Merlot"
    assert ws.model(f"{name}@champion").version == "2"
    with pytest.raises(UsageError, match="it is version 2's") as caught:
        ws.remove_alias(f"{name}:1", "champion")
    assert caught.value.hint == f"%aml_models {name}:2 --remove-alias champion"
    assert [c.what for c in ws.model(f"{name}:1").history] == ["alias"]  # what failed left no trace
    removed = ws.remove_alias(f"{name}@champion", "champion", comment="recalled")
    assert (removed.aliases, removed.history[0].sentence) == ((), "alias champion removed: recalled")
    with pytest.raises(UsageError, match="no version has it"):
        ws.remove_alias(f"{name}:2", "champion")


def test_hostile_comments_are_kept_and_shown_harmless(ws: Workspace, versions: Versions) -> None:
    name = versions(ws, 1)
    card = ws.comment(f"{name}:1", HOSTILE)
    assert card.history[0].text.startswith("<script>alert(1)</script>")
    assert "\x1b" not in card.history[0].text
    bundle = card._repr_mimebundle_()
    assert "<script>" not in bundle["text/html"]
    assert "\u202e" not in bundle["text/plain"]
    assert "\n## no heading" not in bundle["text/markdown"]
    assert ws.comment(f"{name}:1", "’🍷" * 100).history[0].text == "’🍷" * 100


def test_what_changes_nothing_is_said(ws: Workspace, versions: Versions) -> None:
    name = versions(ws, 1)
    assert "was in None already" in ws.set_stage(f"{name}:1", "none").message
    assert ws.model(f"{name}:1").history == ()
    ws.set_alias(f"{name}:1", "champion")
    same = ws.set_alias(f"{name}:1", "champion", comment="still")
    assert [c.what for c in same.history] == ["comment", "alias"]


def test_wrong_words(ws: Workspace, versions: Versions) -> None:
    name = versions(ws, 1)
    with pytest.raises(UsageError, match="there is no stage 'Productoin'") as caught:
        ws.set_stage(f"{name}:1", "Productoin")
    assert caught.value.hint == "--stage Production"
    with pytest.raises(UsageError, match=r"the comment is 1,\d\d\d characters too long"):
        ws.set_stage(f"{name}:1", "Production", comment='"' * 1000)
    with pytest.raises(UsageError, match="the comment is empty"):
        ws.comment(f"{name}:1", "  ")
    with pytest.raises(UsageError, match="cannot be an alias"):
        ws.set_alias(f"{name}:1", "v3")
    with pytest.raises(ModelNotFound, match="has no version 9"):
        ws.set_stage(f"{name}:9", "Production")
    assert (ws.model(f"{name}:1").stage, ws.model(f"{name}:1").history) == ("", ())


def test_the_oldest_changes_make_room(sqlite: Workspace, versions: Versions) -> None:
    name = versions(sqlite, 1)
    for number in range(KEEP + 3):
        card = sqlite.comment(f"{name}:1", f"comment {number}")
    assert [c.text for c in card.history] == [f"comment {n}" for n in range(KEEP + 2, 2, -1)]


def test_tags_of_others_with_our_name_are_left_out() -> None:
    good = {"at": "2026-11-21T08:00:00+00:00", "who": "ann", "what": "comment", "from": "", "to": "", "text": "hi"}
    tags = {f"{PREFIX}{n}": text for n, text in enumerate(["", "[]", "1", "{", '{"at": 3}', json.dumps(good)])}
    wrong = good | {"at": "9999-99-99"}
    assert [c.text for c in history_of({**tags, f"{PREFIX}x": json.dumps(wrong)})] == ["hi"]


def test_a_change_that_fails_is_not_in_the_books(
    azure: Workspace, sandbox: Sandbox, versions: Versions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    name = versions(azure, 1)
    with sandbox.fault("error", path="transition-stage"), pytest.raises(StoreError):
        azure.set_stage(f"{name}:1", "Production", comment="why")
    card = azure.model(f"{name}:1")
    assert (card.stage, card.history) == ("", ())


def test_a_stage_of_the_studio_is_shown_beside(azure: Workspace, models: Any, exported: Path, called: str) -> None:
    from azure.ai.ml.entities import Model

    made = Model(name=called, path=str(exported), type="mlflow_model", stage="Development")  # which MLflow knows not
    models.create_or_update(made)
    assert "None (studio: Development)" in repr(azure.models(called))
    card = azure.set_stage(f"{called}:1", "Production")
    assert card.model_version.studio_stage == ""  # here both are one again


def test_the_login_is_named(azure: Workspace, versions: Versions, sandbox: Sandbox) -> None:
    name = versions(azure, 1)
    card = azure.comment(f"{name}:1", "hello")
    assert card.history[0].who == sandbox.client_id
