"""Batch endpoints of ours against the sandbox: deployed, scored with, canceled, interrupted, taken away."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import mlflow.pyfunc
import mlflow.sklearn
import pandas as pd
import pytest
from mlflow.models import infer_signature
from sklearn.linear_model import LinearRegression

from mlflow_aml_magics.errors import (
    DeploymentError,
    DeploymentNotFound,
    InvokeError,
    NotFound,
    StoreUnreachable,
    UsageError,
)
from mlflow_aml_magics.services.batch_data import sent
from mlflow_aml_magics.services.batch_job import batch_job, jobs, score
from mlflow_aml_magics.services.deploy import (
    DeployOptions,
    Ref,
    delete,
    deploy,
    get,
    logs,
    roll_back,
    set_traffic,
    target,
)

if TYPE_CHECKING:
    from mlflow_aml_magics.client.connection import Connection
    from mlflow_aml_magics.sandbox import Sandbox

FRAME = pd.DataFrame({"a": [0.0, 1.0, 2.0], "b": [1.0, 0.0, 1.0]})
TARGET = [1.0, 10.0, 21.0]  # 10 a + b
BEGIN, STORAGE = r"inference\.ml\.[a-z.]+/jobs$", r"PUT .*\.blob\..*/LocalUpload/"
ON_CLUSTER = DeployOptions(compute="cpu-cluster")


class Fragile(mlflow.pyfunc.PythonModel):
    """Fails where the data says so, and sleeps where it says so."""

    def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:
        import time

        if (model_input["a"] < 0).any():
            raise ValueError("the data is <b>below</b> zero")
        time.sleep(float(model_input["a"].max()))
        return pd.DataFrame({"low": model_input["a"], "high": model_input["a"] + 1})


@pytest.fixture(scope="module")
def models(sandbox: Sandbox, connected: Connection, tmp_path_factory: pytest.TempPathFactory) -> None:
    """batch-line, 10 a + b, and batch-fragile, in the registry."""
    from azure.ai.ml.constants import AssetTypes
    from azure.ai.ml.entities import Model

    folder = tmp_path_factory.mktemp("models")
    line = LinearRegression().fit(FRAME, TARGET)
    signature = infer_signature(FRAME, line.predict(FRAME))
    mlflow.sklearn.save_model(line, folder / "line", signature=signature, pip_requirements=["scikit-learn"])
    mlflow.pyfunc.save_model(
        folder / "fragile", python_model=Fragile(), pip_requirements=["pandas"],
        signature=infer_signature(FRAME[["a"]], pd.DataFrame({"low": [0.0], "high": [1.0]})),
    )  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        for name, value in sandbox.env.items():
            patch.setenv(name, value)
        assert connected.azure is not None
        assert connected.azure.credential is not None
        connected.azure.credential.forget()  # another test may have had every token revoked
        for name in ("line", "fragile"):
            model = Model(name=f"batch-{name}", path=str(folder / name), type=AssetTypes.MLFLOW_MODEL)
            connected.azure.ml_client.models.create_or_update(model)


@pytest.fixture
def conn(connection: Connection, models: None) -> Connection:
    return connection


@pytest.fixture
def heard() -> list[str]:
    return []


@pytest.fixture(scope="module")
def line(models: None, sandbox: Sandbox, connected: Connection) -> str:
    """A batch endpoint with the line."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in sandbox.env.items():
            patch.setenv(name, value)
        made = deploy(connected, "batch-line", to="batch", name="batch-line", options=ON_CLUSTER)
    return made.endpoint


@pytest.fixture
def parts(tmp_path: Path) -> Path:
    """A folder of three files, one folder that is not looked into, and a file that no one sees."""
    folder = tmp_path / "to score"
    (folder / "old").mkdir(parents=True)
    for number in range(3):
        rows = pd.DataFrame({"id": ["x", "y"], "b": [0, 1], "a": [number, number]})
        rows.to_csv(folder / f"part {number}.csv", index=False)
    (folder / ".DS_Store").write_text("junk")
    return folder


def test_a_folder_becomes_a_frame_though_the_network_breaks(
    conn: Connection, line: str, parts: Path, sandbox: Sandbox, heard: list[str]
) -> None:
    with (
        sandbox.fault("error", path=r"/deployments/blue$", times=1),
        sandbox.fault("drop", path=STORAGE, times=1),
        sandbox.fault("drop", path=BEGIN, times=1),
    ):
        job = score(conn, line, parts, progress=heard.append)
    assert job.state in ("waiting", "running")
    assert "1 folder, which Azure does not look into" in "\n".join(heard)
    done = job.wait(heard.append)
    assert (done.state, done.endpoint, done.deployment) == ("completed", line, "blue")
    assert done.elapsed > 0
    assert any(f"job {job.name}: waiting" in line for line in heard)
    found = done.predictions()
    assert list(found.columns) == ["file_name", "row", "prediction"]
    assert found["file_name"].tolist() == [f"part {n}.csv" for n in (0, 0, 1, 1, 2, 2)]
    assert found["row"].tolist() == [0, 1] * 3
    assert found["prediction"].round(6).tolist() == [0, 1, 10, 11, 20, 21]
    assert batch_job(conn, job.name).state == "completed"  # from any session
    assert job.name in [each.name for each in jobs(conn, line)]
    for shown in (repr(done), repr(jobs(conn, line))):
        assert job.name in shown
    assert "mini batch 1" in done.logs()
    assert logs(conn, f"batch:{line}/blue").startswith(f"job {job.name} of {line}/blue: completed")
    assert "default" in repr(get(conn, f"batch:{line}"))


def test_an_asset_and_an_address(conn: Connection, line: str, parts: Path) -> None:
    from azure.ai.ml.entities import Data

    assert conn.azure is not None
    asset = Data(name="batch-asset", path=str(parts / "part 1.csv"), type="uri_file")
    made = conn.azure.ml_client.data.create_or_update(asset)
    job = score(conn, f"{line}/blue", f"azureml:batch-asset:{made.version}")
    files = target(conn, "batch").about(Ref(line))
    address = sent(conn, made.path, files, print)
    assert (address.uri, address.kind) == (made.path, "uri_file")
    assert sent(conn, "azureml:batch-asset@latest", files, print).label == f"batch-asset:{made.version}"
    with pytest.raises(NotFound, match="no data asset 'nope:1'"):
        score(conn, line, "azureml:nope:1")
    assert job.cancel().state == "canceled"


def test_what_cannot_be_scored_is_said_before_it_is_sent(
    conn: Connection, line: str, parts: Path, sandbox: Sandbox
) -> None:
    def refused(data: object) -> str:
        with pytest.raises(InvokeError) as refusal:
            score(conn, line, data)
        return f"{refusal.value.message} {refusal.value.hint}"

    before = len(sandbox.requests(r"PUT .*\.blob\.|/jobs$"))
    assert "lacks 'a', which the model takes" in refused(FRAME.rename(columns={"a": "aa"}))
    assert "is its 'aa' meant?" in refused(FRAME.rename(columns={"a": "aa"}))
    assert "no rows" in refused(FRAME[:0])
    assert "there is no file or folder" in refused("nowhere/at all")
    assert "its folders (inner) are not looked into" in refused((parts / "old" / "inner").mkdir() or parts / "old")
    (parts / "notes.json").write_text("{}")
    assert "notes.json" in refused(parts)
    (parts / "notes.json").unlink()
    (parts / "part 1.csv").write_text("a;b\n1;2\n")
    assert "part 1.csv lacks 'a', 'b'" in refused(parts)
    assert "a dict cannot be scored" in refused({"a": [1]})
    assert len(sandbox.requests(r"PUT .*\.blob\.|/jobs$")) == before
    with pytest.raises(UsageError, match="scores files") as wrong:
        target(conn, "batch").send(Ref(line), "{}", timeout=1)
    assert wrong.value.hint == f"%aml_invoke {line} --data FOLDER"
    with pytest.raises(DeploymentNotFound):
        score(conn, "batch-none", FRAME)


def test_a_model_that_fails_and_a_job_that_is_canceled(conn: Connection, heard: list[str]) -> None:
    made = deploy(conn, "batch-fragile", to="batch", name="batch-frail", options=ON_CLUSTER)
    bad = score(conn, made.endpoint, pd.DataFrame({"a": [1.0, -1.0]}))
    long = score(conn, made.endpoint, pd.DataFrame({"a": [120.0]}))
    two = score(conn, made.endpoint, pd.DataFrame({"a": [0.0, 0.25]}))
    with pytest.raises(InvokeError, match="ValueError: the data is <b>below</b> zero") as failed:
        bad.wait()
    assert failed.value.hint == "%aml_endpoints batch-frail --logs"
    gone = bad.refresh()
    assert gone.state == "failed"
    assert "&lt;b&gt;below" in gone._repr_mimebundle_()["text/html"]
    assert "Traceback" in gone.logs(100)
    with pytest.raises(InvokeError):
        gone.predictions()
    assert two.predictions().to_dict("list") == {
        "file_name": ["data.csv"] * 2, "row": [0, 1], "low": [0.0, 0.25], "high": [1.0, 1.25],
    }  # fmt: skip

    assert f"job {two.name} of batch-frail/blue: completed\nloading the model" in logs(conn, "batch:batch-frail")

    def leave(_: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(DeploymentError, match=f"the job {long.name} goes on by itself") as left:
        long.wait(leave)
    assert left.value.hint == f"%aml_invoke {made.endpoint} --job {long.name}"
    with pytest.raises(NotFound, match=f"is of {made.endpoint}"):
        batch_job(conn, long.name, endpoint="another")
    assert long.refresh().state in ("waiting", "running")
    assert long.cancel().state == "canceled"
    with pytest.raises(InvokeError, match="was canceled"):
        long.wait()
    delete(conn, made.endpoint)
    assert batch_job(conn, two.name).state == "completed"  # jobs outlive their endpoint
    assert len(jobs(conn, made.endpoint)) == 3


def test_a_second_deployment_gets_jobs_when_it_is_told_to(conn: Connection, line: str, heard: list[str]) -> None:
    options = DeployOptions(deployment="green", mini_batch_size=2, tags={"team": "x"})
    with pytest.raises(UsageError, match="there is no cluster 'none'"):
        deploy(conn, "batch-line", to="batch", name=line, options=DeployOptions(deployment="green", compute="none"))
    green = deploy(conn, "batch-line:1", to="batch", name=line, options=options, progress=heard.append)
    assert (green.name, green.traffic, green.machine) == (f"{line}/green", 0, "cpu-cluster, 2 files a mini batch")
    assert any("jobs still go to" in line for line in heard)
    assert "team" in target(conn, "batch").points.get(line).tags  # type: ignore[attr-defined]
    found = set_traffic(conn, f"batch:{line}", {"green": 100})
    assert [(d.name, d.traffic) for d in found] == [(f"{line}/green", 100), (f"{line}/blue", 0)]
    assert get(conn, f"batch:{line}").name == f"{line}/green"
    with pytest.raises(UsageError, match="goes to one deployment"):
        set_traffic(conn, f"batch:{line}", {"green": 50, "blue": 50})
    assert roll_back(conn, f"batch:{line}")[0].name == f"{line}/blue"
    delete(conn, f"batch:{line}/green")
    with pytest.raises(DeploymentNotFound):
        get(conn, f"batch:{line}/green")


@pytest.mark.parametrize(("at", "slow"), [("making the batch endpoint", "$"), ("making the deployment", "/blue")])
def test_an_interrupted_deployment_is_gone_on_with(
    conn: Connection, sandbox: Sandbox, at: str, slow: str, heard: list[str]
) -> None:
    name = f"batch-left-{len(slow)}"

    def leave(words: str) -> None:
        if at in words and "(creating)" in words:  # Azure has begun it
            raise KeyboardInterrupt

    with sandbox.fault("slow_deploy", path=f"^{name}{slow}"):
        with pytest.raises(DeploymentError, match=r"interrupted: .* is being made; Azure goes on by itself") as left:
            deploy(conn, "batch-line", to="batch", name=name, options=ON_CLUSTER, progress=leave)
        assert f"%aml_deploy batch-line --to batch --name {name}/blue" in str(left.value.hint)
        assert get(conn, f"batch:{name}").state == "changing"
    made = deploy(conn, "batch-line", to="batch", name=name, options=ON_CLUSTER, progress=heard.append)
    assert (made.state, made.traffic) == ("running", 100)
    assert len(sandbox.requests(f"PUT .*/batchEndpoints/{name}/deployments/blue")) == 1
    deploy(conn, "batch-line", to="batch", name=name, options=ON_CLUSTER, progress=heard.append)
    assert f"{name}/blue has batch-line version 1 already" in heard
    delete(conn, f"batch:{name}")


def test_what_cannot_be_deployed(conn: Connection, tmp_path: Path) -> None:
    def refused(kind: type[Exception], ref: str | Path = "batch-line", name: str = "batch-no", **options: Any) -> str:
        with pytest.raises(kind) as refusal:
            deploy(conn, ref, to="batch", name=name, options=DeployOptions(**options))
        return f"{refusal.value} {getattr(refusal.value, 'hint', '')}"

    assert "cpu-cluster (amlcompute, STANDARD_DS3_V2 × 0 to 4)" in refused(UsageError, compute="gpu")
    assert "az ml compute create" in refused(UsageError, compute="gpu")
    assert "--compute cpu-cluster" in refused(UsageError, compute="cpu-clusters")
    assert "--name batch-no" in refused(UsageError, name="batch_no")
    assert "knows no instance-type" in refused(UsageError, instance_type="Standard_DS3_v2")
    assert "goes to one deployment" in refused(UsageError, traffic={"blue": 50})
    mlflow.sklearn.save_model(LinearRegression().fit(FRAME, TARGET), tmp_path / "model", pip_requirements=[])
    assert "%aml_register" in refused(UsageError, tmp_path / "model")
    assert target(conn, "batch").find(Ref("batch-no")) is None


def test_a_dead_network_orphans_nothing(conn: Connection, line: str, sandbox: Sandbox) -> None:
    before = len(jobs(conn, line))
    with sandbox.fault("drop", path=BEGIN), pytest.raises(StoreUnreachable, match=r"its data is at azureml://") as lost:
        score(conn, line, FRAME)
    assert f"among the jobs of '{line}'" in str(lost.value.hint)
    lost_files = r"no job was begun, what was sent is at azureml://datastores/.*aml-batch-"
    with sandbox.fault("drop", path=STORAGE), pytest.raises(StoreUnreachable, match=lost_files):
        score(conn, line, FRAME)
    assert len(jobs(conn, line)) == before
    with (
        sandbox.fault("error", path=r"PUT .*/batchEndpoints/[^/]+/deployments/"),
        pytest.raises(StoreUnreachable, match="batch-half/blue is being made") as half,
    ):
        deploy(conn, "batch-line", to="batch", name="batch-half", options=ON_CLUSTER)
    assert "%aml_endpoints batch-half --delete" in str(half.value.hint)
    assert get(conn, "batch-half").state == "empty"
    delete(conn, "batch-half")
