"""Files of models as they may be: zips that are none, links, somebody else's files of a known name."""

from __future__ import annotations

import zipfile
from pathlib import Path

from mlflow_aml_magics.client.digest import content_digest
from mlflow_aml_magics.client.linked import linked_copy


def test_a_link_is_copied_as_the_file_that_it_leads_to(tmp_path: Path) -> None:
    (tmp_path / "blob").write_text("weights")
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "weights.bin").symlink_to("../blob")  # as in the caches of model hubs
    (tmp_path / "far" / "away").mkdir(parents=True)
    linked_copy(tmp_path / "model", tmp_path / "far" / "away" / "copy")
    assert (tmp_path / "far" / "away" / "copy" / "weights.bin").read_text() == "weights"


def test_anything_has_a_digest(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("schema.json", "// no JSON")
    with zipfile.ZipFile(tmp_path / "torn.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("big.txt", "".join(map(str, range(2000))))
    torn = bytearray((tmp_path / "torn.zip").read_bytes())
    torn[60:200] = b"\xff" * 140
    (tmp_path / "torn.zip").write_bytes(torn)
    (tmp_path / "MLmodel").write_text("a: [")
    first = content_digest(tmp_path)
    (tmp_path / "MLmodel").write_text("- 1")
    assert content_digest(tmp_path) != first
