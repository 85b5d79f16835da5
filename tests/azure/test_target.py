"""What is typed, pasted, set or lies around names a workspace."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mlflow_aml_magics.client.studio import Studio
from mlflow_aml_magics.client.target import choose_target
from mlflow_aml_magics.client.workspace_ref import WorkspaceRef, find_config, parse_ref
from mlflow_aml_magics.errors import UsageError

REF = WorkspaceRef("sub-1", "rg-1", "ws-1")
ARM = "/subscriptions/sub-1/resourceGroups/rg-1/providers/Microsoft.MachineLearningServices/workspaces/ws-1"
STUDIO = "https://ml.azure.com/runs/r-1?wsid=/subscriptions/sub-1/resourcegroups/rg-1/workspaces/ws-1&tid=t-1#outputs"
NAMES = {"subscription_id": "sub-1", "resource_group": "rg-1", "workspace_name": "ws-1"}


def write(path: Path, content: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


@pytest.mark.parametrize("text", [ARM, ARM + "/jobs/x", f"azureml://eastus.api.azureml.ms/mlflow/v1.0{ARM}", STUDIO])
def test_a_pasted_name_is_a_workspace(text: str) -> None:
    target = choose_target(text, Path.cwd())
    assert target.azure == REF
    assert target.why == "you named it"
    assert target.uri == (text if text.startswith("azureml:") else "")


def test_a_studio_url_tells_tenant_and_run() -> None:
    ref = parse_ref(STUDIO)
    assert ref is not None
    assert (ref.tenant, ref.run_id) == ("t-1", "r-1")
    assert parse_ref(Studio(REF, tenant="t-1").run("r-1")) == ref


@pytest.mark.parametrize("text", ["https://ml.azure.com/home", "/subscriptions/x", "azureml://host/mlflow/v1.0"])
def test_half_a_name_is_refused_with_the_whole_form(text: str) -> None:
    with pytest.raises(UsageError, match="names no workspace") as caught:
        choose_target(text, Path.cwd())
    assert "resourceGroups" in (caught.value.hint or "")


def test_plain_stores_are_none_of_azures() -> None:
    for text in ("sqlite:///mlflow.db", "http://127.0.0.1:5000", "databricks", "https://mlflow.example.com/path"):
        assert choose_target(text, Path.cwd()).azure is None


def test_the_nearest_config_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    here = Path.cwd()
    folder = here / "project" / "notebooks"
    write(here / ".azureml" / "config.json", NAMES | {"workspace_name": "far"})
    write(here / "project" / "config.json", NAMES | {"workspace_name": "near"})
    folder.mkdir()
    target = choose_target(None, folder)
    assert target.azure is not None
    assert (target.azure.name, target.why) == ("near", "named in project/config.json")
    write(here / "project" / ".azureml" / "config.json", {"Scope": ARM})
    assert choose_target(None, folder).azure == REF
    write(folder / "config.json", {"model": "a config of something else"})
    assert choose_target(None, folder).azure == REF
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///x.db")
    assert choose_target(None, folder).azure is None


@pytest.mark.parametrize(
    ("content", "said"), [('{"workspace_name": not json', "cannot be read"), ({"workspace_name": "x"}, "has no sub")]
)
def test_a_malformed_config_is_named(content: object, said: str) -> None:
    write(Path.cwd() / "config.json", content)
    with pytest.raises(UsageError, match=rf"config\.json {said}"):
        choose_target(None, Path.cwd())


def test_the_order_of_what_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    assert choose_target(None, Path.cwd()).uri.startswith("sqlite:")
    write(Path.cwd() / "config.json", NAMES)
    assert choose_target(None, Path.cwd()).azure == REF
    monkeypatch.setenv("AZUREML_ARM_SUBSCRIPTION", "sub-2")
    monkeypatch.setenv("AZUREML_ARM_RESOURCEGROUP", "rg-2")
    monkeypatch.setenv("AZUREML_ARM_WORKSPACE_NAME", "instance")
    target = choose_target(None, Path.cwd())
    assert target.azure == WorkspaceRef("sub-2", "rg-2", "instance")
    assert target.why == "AZUREML_ARM_WORKSPACE_NAME is set"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"azureml://eastus.api.azureml.ms/mlflow/v1.0{ARM}")
    assert choose_target(None, Path.cwd()).azure == REF
    monkeypatch.setenv("MLFLOW_RUN_ID", "job-7")
    assert choose_target(None, Path.cwd()).run_id == ""  # `mlflow run`, say: no job
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "secret")
    target = choose_target(None, Path.cwd())
    assert (target.run_id, target.why) == ("job-7", "this is a job: its run is job-7")
    assert choose_target("sqlite:///other.db", Path.cwd()).azure is None


def test_names_are_completed_from_what_is_known() -> None:
    with pytest.raises(UsageError, match="--resource-group, --subscription are missing"):
        choose_target(None, Path.cwd(), workspace="ws-9")
    write(Path.cwd() / "config.json", NAMES)
    assert choose_target(None, Path.cwd(), workspace="ws-9").azure == WorkspaceRef("sub-1", "rg-1", "ws-9")
    with pytest.raises(UsageError, match="exclude"):
        choose_target("sqlite:///x.db", Path.cwd(), workspace="ws-9")


def test_a_config_json_of_another_program_is_passed_by(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"port": 80} // of a server')
    assert find_config(tmp_path) is None
    (tmp_path / "config.json").write_text('{"workspace_name": "ml",} ')
    with pytest.raises(UsageError, match="cannot be read"):
        find_config(tmp_path)
