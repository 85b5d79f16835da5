"""%aml_download: whole and checked, or not at all."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

import mlflow
import pytest

from mlflow_aml_magics.client.artifacts import read_model
from mlflow_aml_magics.client.digest import content_digest
from mlflow_aml_magics.client.remote import LocalFiles, Remote, RemoteFile, Said, save_all
from mlflow_aml_magics.client.repository_files import RepositoryFiles
from mlflow_aml_magics.errors import ModelNotFound, NotFound, RunNotFound, StoreError, UsageError

from .conftest import LogRun

if TYPE_CHECKING:
    from mlflow_aml_magics.sandbox import Sandbox
    from mlflow_aml_magics.workspace import Workspace

MODEL = {
    "MLmodel", "conda.yaml", "input_example.json", "model.skops", "python_env.yaml", "requirements.txt",
    "serving_input_example.json",
}  # fmt: skip


def below(folder: Path) -> set[str]:
    return {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}


def test_a_run_and_parts_of_it(ws: Workspace, log_run: LogRun) -> None:
    run_id = log_run(ws, name="brave-fox")
    said: list[str] = []
    whole = ws.download("brave-fox", progress=said.append)
    assert whole.path == Path.cwd() / f"{run_id}"
    assert below(whole.path) == {"notes/note.txt", *(f"model/{name}" for name in MODEL)}
    assert (whole.files, whole.bytes) == (8, sum(f.stat().st_size for f in whole.path.rglob("*") if f.is_file()))
    assert any("of 8 files" in line for line in said)
    part = ws.download(f"runs:/{run_id}/model", "here/model")
    assert below(part.path) == MODEL
    single = ws.download(f"runs:/{run_id}/notes/note.txt", "note")
    assert single.path.read_text() == "a note"
    inside = ws.download(f"runs:/{run_id}/model/MLmodel", "one")
    assert inside.path.name == "MLmodel"
    assert below(Path.cwd() / "one") == {"MLmodel"}
    assert "downloaded 8 files" in repr(whole)
    assert "%aml_deploy" in repr(part)


def test_a_registered_model(ws: Workspace, log_run: LogRun, called: str) -> None:
    run_id = log_run(ws)
    ws.register(run_id, called, alias="champion")
    first = ws.download(f"{called}@champion")
    second = ws.download(ws.models(called)[0], "second")
    assert first.path.name == f"{called}-1"
    assert below(first.path) == below(second.path) == MODEL
    assert content_digest(first.path) == content_digest(second.path)
    assert read_model(first.path).servable


def test_checksums_of_the_store_are_compared(azure: Workspace, log_run: LogRun) -> None:
    done = azure.download(f"runs:/{log_run(azure)}/model", "model")
    assert done.hashed == done.files == len(MODEL)
    assert "7 by checksum too" in repr(done)


def test_outputs_of_a_job(azure: Workspace, log_run: LogRun) -> None:
    run_id = log_run(azure)
    done = azure.download(f"azureml://jobs/{run_id}/outputs/artifacts/paths/model/")
    assert done.path.name == f"{run_id}-model"
    assert below(done.path) == MODEL


def test_a_folder_that_holds_something_stays(ws: Workspace, log_run: LogRun) -> None:
    run_id = log_run(ws)
    folder = Path.cwd() / "mine"
    folder.mkdir()
    assert below(ws.download(f"runs:/{run_id}/notes", folder).path) == {"note.txt"}  # it was empty
    (folder / "work.txt").write_text("a week's work")
    with pytest.raises(UsageError, match="holds something already"):
        ws.download(f"runs:/{run_id}/notes", folder)
    assert (folder / "work.txt").exists()
    ws.download(f"runs:/{run_id}/model", folder, force=True)
    assert below(folder) == MODEL
    with pytest.raises(UsageError, match="is the folder you work in"):
        ws.download(f"runs:/{run_id}/model", ".", force=True)
    (Path.cwd() / "file").write_text("x")
    with pytest.raises(UsageError, match="is no folder"):
        ws.download(f"runs:/{run_id}/model", "file", force=True)
    assert {path.name for path in Path.cwd().iterdir() if path.name != "mlruns"} == {"mine", "file"}


def test_what_is_not_there_leaves_nothing(ws: Workspace, log_run: LogRun, called: str) -> None:
    run_id = log_run(ws)
    with pytest.raises(NotFound, match="there is nothing at"):
        ws.download(f"runs:/{run_id}/nope", "a/b/c")
    with pytest.raises(ModelNotFound, match="no registered model"):
        ws.download(f"{called}@champion")
    with pytest.raises(RunNotFound):
        ws.download("runs:/" + "0" * 32)
    assert not (Path.cwd() / "a").exists()


@pytest.mark.parametrize("kind", ["drop", "error", "latency", "throttle", "expired_token"])
def test_a_fault_is_survived(azure: Workspace, sandbox: Sandbox, log_run: LogRun, kind: str) -> None:
    run_id = log_run(azure)
    path = "" if kind == "expired_token" else r"contentinfo|\.blob\."
    with sandbox.fault(kind, path=path, times=2, seconds=0.3):
        assert below(azure.download(f"runs:/{run_id}/model", "model").path) == MODEL


def test_a_service_that_stays_away_leaves_no_half_a_folder(
    azure: Workspace, sandbox: Sandbox, log_run: LogRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = log_run(azure)
    (Path.cwd() / "model").mkdir()
    (Path.cwd() / "model" / "old.txt").write_text("old")
    with sandbox.fault("throttle", path=r"model\.skops", retry_after=0), pytest.raises(StoreError, match="429"):
        azure.download(f"runs:/{run_id}/model", "model", force=True)
    assert [path.name for path in Path.cwd().iterdir()] == ["model"]
    assert below(Path.cwd() / "model") == {"old.txt"}


def test_hostile_names_from_a_workspace_are_refused(azure: Workspace, log_run: LogRun) -> None:
    run_id = log_run(azure)
    with azure.connection.as_current():
        repository = mlflow.store.artifact.artifact_repository_registry.get_artifact_repository(
            azure.connection.mlflow.get_run(run_id).info.artifact_uri
        )
        (Path.cwd() / "evil").write_text("evil")
        repository.artifacts.upload_file("evil", "notes/..\\..\\evil.txt")
    with pytest.raises(StoreError, match="may lead out of the folder"):
        azure.download(f"runs:/{run_id}", "all")
    assert [path.name for path in Path.cwd().iterdir()] == ["evil"]


class Told(Remote):
    """A store that says one thing and sends another."""

    def __init__(self, *names: str, size: int | None = None, sends: bytes = b"abc", md5: bytes | None = None) -> None:
        super().__init__()
        self.names, self.size, self.sends, self.md5 = names, size, sends, md5

    def files(self) -> list[RemoteFile]:
        """As told."""
        return [RemoteFile(name, self.size) for name in self.names]

    def save(self, file: RemoteFile, to: Path) -> Said:
        """Sends the same for every file."""
        if self.sends:
            self.write([self.sends], to)
        return Said(md5=self.md5)


@pytest.mark.parametrize(
    "name", ["../a", "a/../../b", "/etc/passwd", "a//b", "a/./b", "C:\\x", "c:x", "a\\..\\b", "a\0b", ""]
)
def test_names_that_lead_out_of_the_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(StoreError, match="may lead out of the folder"):
        save_all(remote := Told("good", name), remote.files(), tmp_path)
    assert below(tmp_path) == {"work"} - {"work"}  # nothing was written before the names were looked at


@pytest.mark.parametrize(
    ("remote", "said"),
    [
        (Told("a", size=4), "3 bytes of 4"),
        (Told("a", md5=b"0" * 16), "another checksum"),
        (Told("a", sends=b""), "did not arrive"),
        (Told("a", "a/b"), "both a file and a folder"),
    ],
)
def test_what_arrives_is_looked_at(tmp_path: Path, remote: Told, said: str) -> None:
    target = tmp_path / "target"
    target.mkdir()
    with pytest.raises(StoreError, match=said):
        save_all(remote, remote.files(), target)


class Endless(Told):
    """A file that does not end by itself."""

    def __init__(self) -> None:
        super().__init__("endless", "fails")
        self.started = threading.Event()

    def save(self, file: RemoteFile, to: Path) -> Said:
        """One sends for ever, the other is interrupted."""
        if file.path == "fails":
            self.started.wait(30)
            raise KeyboardInterrupt
        self.write(self.parts(), to)
        return Said()

    def parts(self):  # type: ignore[no-untyped-def]
        """Bytes without end."""
        while True:
            self.started.set()
            yield b"x"


def test_an_interrupt_ends_the_other_copies(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        save_all(remote := Endless(), remote.files(), tmp_path)
    assert remote.stopped.is_set()


def test_a_copy_of_a_folder_here(tmp_path: Path) -> None:
    (tmp_path / "from" / "deep").mkdir(parents=True)
    (tmp_path / "from" / "deep" / "file").write_bytes(b"\0" * 3_000_000)
    (tmp_path / "to").mkdir()
    remote = LocalFiles(tmp_path / "from")
    saved = save_all(remote, remote.files(), tmp_path / "to")
    assert (saved.files, saved.bytes) == (1, 3_000_000)


def test_what_mlflows_repositories_keep(sqlite: Workspace, tmp_path: Path) -> None:
    (tmp_path / "from" / "deep").mkdir(parents=True)
    (tmp_path / "from" / "deep" / "file").write_text("abc")
    for number, path in enumerate(("from", "from/deep/file")):
        to = tmp_path / f"to-{number}"
        to.mkdir()
        remote = RepositoryFiles(sqlite.connection, str(tmp_path / path))
        assert save_all(remote, remote.files(), to).bytes == 3
    assert below(tmp_path / "to-0") == {"deep/file"}
    assert below(tmp_path / "to-1") == {"file"}
    nothing = RepositoryFiles(sqlite.connection, str(tmp_path / "from" / "nothing"))
    assert nothing.files() == []
