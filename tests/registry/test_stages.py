"""Stages, aliases and comments of a version: the same on a SQLite store and on Azure Machine Learning."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mlflow_aml_magics.errors import InUse, ModelNotFound, StoreError, UsageError
from mlflow_aml_magics.services.model_history import KEEP, PREFIX, history_of

from .conftest import LogRun

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


def test_what_files_and_run_of_a_version_say(ws: Workspace, log_run: LogRun, called: str) -> None:
    run_id = log_run(ws, name="brave-fox")
    ws.register(run_id, called)
    facts = ws.model(f"{called}:1").facts
    assert facts is not None
    assert facts.flavors == ("python_function", "sklearn")
    assert facts.signature[:2] == (("input", "a", "double"), ("input", "b", "double"))
    assert (facts.size or 0) > 1000  # Azure ML lists no sizes: the MLmodel has it
    assert len(facts.files) == 7
    way = ws.lineage(called)
    assert way.run is not None
    assert (way.run.name, way.run.experiment, way.deployments, way.notes) == ("brave-fox", called, (), ())


def test_the_login_is_named(azure: Workspace, versions: Versions, sandbox: Sandbox) -> None:
    name = versions(azure, 1)
    card = azure.comment(f"{name}:1", "hello")
    assert card.history[0].who == sandbox.client_id


def test_others_in_production_are_named_and_archived_when_asked(ws: Workspace, versions: Versions) -> None:
    name = versions(ws, 3)
    ws.set_stage(f"{name}:1", "Production")
    card = ws.set_stage(f"{name}:2", "Production")
    assert card.others == ("1",)
    assert "version 1 is in Production too" in repr(card)
    card = ws.set_stage(f"{name}:3", "production", archive_others=True)
    assert (card.others, card.message.endswith("archived version 2, 1")) == ((), True)
    assert [(v.version, v.stage) for v in ws.models(name)] == [
        ("3", "Production"),
        ("2", "Archived"),
        ("1", "Archived"),
    ]
    assert "version 3 is in Production now" in repr(ws.model(f"{name}:1").thread)


def test_archived_and_back(ws: Workspace, versions: Versions) -> None:
    name = versions(ws, 1)
    ws.set_alias(f"{name}:1", "champion")
    card = ws.archive_model(f"{name}@champion", comment="too old")
    assert (card.stage, card.aliases, card.history[0].sentence) == (
        "Archived",
        ("champion",),
        "None → Archived: too old",
    )
    assert f"it is still champion: %aml_models {name}:1 --remove-alias champion takes it away" in card.warnings[0]
    assert "%aml_deploy" not in repr(card)
    assert "was archived already" in ws.archive_model(f"{name}:1").message
    assert ws.restore_model(f"{name}:1").stage == ""
    assert "is not archived" in ws.restore_model(f"{name}:1").message
    assert [c.what for c in ws.model(f"{name}:1").thread.changes] == ["alias", "stage", "stage"]  # the oldest first


def test_the_studio_lists_no_archived_version(azure: Workspace, versions: Versions, models: Any) -> None:
    name = versions(azure, 2)
    azure.archive_model(f"{name}:1")
    assert [m.version for m in models.list(name=name)] == ["2"]
    assert [v.version for v in azure.models(name)] == ["2", "1"]
    azure.restore_model(f"{name}:1")
    assert {m.version for m in models.list(name=name)} == {"1", "2"}


def test_descriptions_and_tags_of_a_version_and_of_a_model(ws: Workspace, versions: Versions) -> None:
    name = versions(ws, 1)
    ws.describe_model(f"{name}:1", HOSTILE)
    ws.describe_model(name, "the model")
    ws.tag_model(f"{name}:1", "team", "red")
    ws.tag_model(name, "owner", "ann")
    listed = ws.models(name)
    assert (listed[0].description, listed[0].tags["team"]) == (HOSTILE, "red")
    assert (listed.models[0].description, listed.models[0].tags) == ("the model", {"owner": "ann"})
    assert "<script>" not in ws.model(f"{name}:1")._repr_mimebundle_()["text/html"]
    ws.tag_model(f"{name}:1", "team", None)
    ws.tag_model(name, "owner", None)
    ws.describe_model(f"{name}:1", "")
    assert (ws.models(name)[0].description, ws.models(name).models[0].tags) == ("", {})
    with pytest.raises(UsageError, match="has no tag 'team'"):
        ws.tag_model(f"{name}:1", "team", None)
    with pytest.raises(UsageError, match="keeps the discussion"):
        ws.tag_model(f"{name}:1", f"{PREFIX}20261121", "forged")


def test_what_is_in_use_is_not_deleted_unasked(ws: Workspace, versions: Versions) -> None:
    name = versions(ws, 3)
    ws.set_alias(f"{name}:1", "champion")
    ws.set_stage(f"{name}:2", "Production")
    with pytest.raises(InUse, match="the alias champion"):
        ws.delete_model(f"{name}:1")
    with pytest.raises(InUse, match="the stage Production"):
        ws.delete_model(f"{name}:2")
    assert len(ws.models(name)) == 3
    assert "is deleted" in ws.delete_model(f"{name}:3")
    ws.delete_model(f"{name}:1", force=True)
    assert [v.version for v in ws.models(name)] == ["2"]
    with pytest.raises(ModelNotFound, match="no alias 'champion'"):  # mlflow's SQL store would leave it
        ws.model(f"{name}@champion")
    with pytest.raises(InUse, match="has 1 version; in use are"):
        ws.delete_model(name)
    done = ws.delete_model(name, force=True)
    assert ("Azure ML keeps its name" in done) is (ws.connection.azure is not None)
    with pytest.raises(ModelNotFound):
        ws.model(f"{name}:2")
