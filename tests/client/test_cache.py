"""Runs on disk: whole or not there, for their reader only, and never more than a look at the store allows."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from mlflow_aml_magics import Workspace
from mlflow_aml_magics.client import cache
from mlflow_aml_magics.client.connection import Connection, open_connection
from mlflow_aml_magics.frames.runtable import RunTable

if TYPE_CHECKING:
    from tests.conftest import Shell

NAMES = {"1": "sweep"}
SECRET = "s3cret-f4ke"


def table(count: int, word: str = "rf") -> RunTable:
    ids = [f"{i:032x}" for i in range(count)]
    return RunTable(pa.table({"run_id": ids, "params.model": [word] * count, "metrics.loss": [0.5] * count}))


def files() -> list[Path]:
    return sorted(Path(os.environ["AML_MAGICS_STATE_DIR"]).rglob("*.arrow"))


@pytest.fixture
def connection(store_uri: str) -> Connection:
    return open_connection(store_uri)


def test_what_is_kept_comes_back(connection: Connection) -> None:
    assert cache.load(connection, NAMES) is None
    cache.save(connection, NAMES, table(1000), {"turn": 3})
    found = cache.load(connection, NAMES)
    assert found is not None
    assert found[0].table.equals(table(1000).table)
    assert found[1] == {"turn": 3}
    assert cache.load(connection, {"2": "other"}) is None
    (path,) = files()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    cache.forget(connection, NAMES)
    assert not files()


@pytest.mark.parametrize("harm", ["cut", "emptied", "flipped", "foreign", "other version"])
def test_a_file_that_is_not_whole_is_as_none(
    connection: Connection, harm: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.save(connection, NAMES, table(1000), {})
    (path,) = files()
    whole = path.read_bytes()
    if harm == "other version":
        monkeypatch.setattr(cache, "VERSION", b"another")
    middle = len(whole) // 2
    path.write_bytes(
        {
            "cut": whole[:middle],
            "emptied": b"",
            "flipped": whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :],
            "foreign": b"something else entirely",
            "other version": whole,
        }[harm]
    )
    assert cache.load(connection, NAMES) is None
    cache.save(connection, NAMES, table(5), {})
    found = cache.load(connection, NAMES)
    assert found is not None
    assert len(found[0]) == 5


def test_a_mapped_table_outlives_its_file(connection: Connection) -> None:
    cache.save(connection, NAMES, table(1000), {})
    found = cache.load(connection, NAMES)
    assert found is not None
    cache.save(connection, NAMES, table(10, "other"), {})
    cache.forget(connection, NAMES)
    assert found[0].table.equals(table(1000).table)


def test_two_kernels_write_and_read_at_once(connection: Connection) -> None:
    program = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parents[2])!r})
import pyarrow as pa
from mlflow_aml_magics.client import cache
from mlflow_aml_magics.client.connection import Connection
from mlflow_aml_magics.frames.runtable import RunTable
connection, word = Connection({connection.uri!r}), sys.argv[1]
mine = RunTable(pa.table({{"run_id": [f"{{i:032x}}" for i in range(2000)], "params.model": [word] * 2000}}))
for turn in range(60):
    cache.save(connection, {NAMES!r}, mine, {{"who": word}})
    found, marks = cache.load(connection, {NAMES!r})
    assert set(found.column("params.model").to_pylist()) == {{marks["who"]}} and len(found) == 2000
"""
    kernels = [subprocess.Popen([sys.executable, "-c", program, word], stderr=subprocess.PIPE) for word in ("a", "b")]
    for kernel in kernels:
        _, said = kernel.communicate(timeout=120)
        assert kernel.returncode == 0, said.decode()
    assert len(files()) == 1
    assert not list(files()[0].parent.glob("*.tmp"))


def test_the_oldest_go_where_there_are_too_many(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.save(connection, {"0": "x"}, table(100), {})
    monkeypatch.setattr(cache, "LIMIT", 3 * files()[0].stat().st_size + 100)
    for number in range(1, 6):
        os.utime(files()[0])
        cache.save(connection, {str(number): "x"}, table(100), {})
        for age, path in enumerate(sorted(files(), key=lambda each: -each.stat().st_mtime)):
            os.utime(path, (path.stat().st_atime, path.stat().st_mtime - 10 * age))
        assert cache.load(connection, {str(number): "x"}) is not None
    assert len(files()) <= 3


def test_files_that_are_not_ours_stay(connection: Connection) -> None:
    cache.save(connection, NAMES, table(10), {})
    foreign = files()[0].parent / "my_features.arrow"
    foreign.write_bytes(b"mine")
    os.utime(foreign, (0, 0))
    cache.save(connection, {"2": "x"}, table(10), {})
    assert foreign.read_bytes() == b"mine"


def test_another_login_reads_another_file_and_no_name_tells_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    logins = [{}, {"MLFLOW_TRACKING_USERNAME": "bob", "MLFLOW_TRACKING_PASSWORD": SECRET}]
    logins += [{"MLFLOW_TRACKING_USERNAME": "eve", "MLFLOW_TRACKING_PASSWORD": SECRET}]
    logins += [{"MLFLOW_TRACKING_TOKEN": SECRET}, {"MLFLOW_TRACKING_TOKEN": f"{SECRET}2"}]
    for login in logins:
        with monkeypatch.context() as patch:
            for name, value in login.items():
                patch.setenv(name, value)
            cache.save(Connection("http://127.0.0.1:9"), NAMES, table(3), {})
    for uri in (f"http://bob:{SECRET}@127.0.0.1:9", f"http://eve:{SECRET}@127.0.0.1:9", f"http://{SECRET}@127.0.0.1:9"):
        cache.save(Connection(uri), NAMES, table(3), {})
    assert len(files()) == 8
    assert all(SECRET not in str(path) and SECRET.encode() not in path.read_bytes() for path in files())


def test_a_disk_that_cannot_be_written_is_no_failure(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AML_MAGICS_STATE_DIR", "/proc/nowhere")
    cache.save(connection, NAMES, table(3), {})
    assert cache.load(connection, NAMES) is None


def test_the_word_and_the_setting(store_uri: str, shell: Shell) -> None:
    workspace = Workspace.connect(store_uri)
    client = workspace.connection.mlflow
    run_id = client.create_run(client.create_experiment("sweep")).info.run_id
    client.set_terminated(run_id)
    shell.run(f"%config AmlMagics.tracking_uri = '{store_uri}'")
    shell.run("%config AmlMagics.cache = False")
    assert len(shell.run("%aml_runs --all")) == 1  # type: ignore[arg-type]
    shell.run("%aml_compare --all --static")
    assert not files()
    shell.run("%config AmlMagics.cache = True")
    shell.run("%aml_runs --all")
    assert len(files()) == 1
    client.update_run(run_id, name="renamed")
    frame = shell.run("%aml_runs --all")
    assert list(frame["tags.mlflow.runName"]) == ["renamed"]  # type: ignore[index]
    shell.run("%aml_compare --all --static")
    assert len(files()) == 1
    shell.run("%aml_compare --all --static --no-cache")
    assert not files()
