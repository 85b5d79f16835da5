"""Whether files are a model repository as Triton reads it: NAME/VERSION/model.*, with a config.pbtxt for each NAME."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..preflight import Finding

__all__ = ["triton_findings"]

# Backends whose models Triton describes itself, so that they need no config.pbtxt
# (model_configuration.html#auto-generated-model-configuration, docs.nvidia.com/deeplearning/triton-inference-server).
DESCRIBED = re.compile(r"model\.(onnx|plan|savedmodel)(/|$)")
_MODEL = re.compile(r"(?P<name>[^/]+)/(?P<version>[1-9]\d*)/(?P<file>model\..+)")
HINT = "a folder with NAME/1/model.onnx (or model.pt, model.py …) and NAME/config.pbtxt"


def triton_findings(paths: Sequence[str]) -> tuple[Finding, ...]:
    """What is wrong with the paths of a model repository; nothing for a good one.

    Args:
        paths: of all files, below the repository, with slashes.
    """
    found = [match for path in paths if (match := _MODEL.fullmatch(path))]
    if not found:
        nested = next((path for path in paths if _MODEL.search(path.partition("/")[2])), "")
        inside = f"; its folder {nested.partition('/')[0]} looks like one" if nested else ""
        return (Finding("bad", f"it is no model repository of Triton: no NAME/1/model.*{inside}", HINT),)
    configured = {path.partition("/")[0] for path in paths if re.fullmatch(r"[^/]+/config\.pbtxt", path)}
    findings = []
    for name in sorted({match["name"] for match in found} - configured):
        files = [match["file"] for match in found if match["name"] == name]
        if not all(DESCRIBED.match(file) for file in files):
            findings.append(
                Finding(
                    "bad", f"{name}/config.pbtxt is missing, which a {files[0]} needs", f"write {name}/config.pbtxt"
                )
            )
    return tuple(findings)
