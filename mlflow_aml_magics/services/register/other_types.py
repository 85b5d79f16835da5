"""Models that MLflow cannot load: any file or folder ("custom"), or a model repository of Triton.

Azure Machine Learning has them as types of its own. Elsewhere a version is made whose files are artifacts of a run, and
a tag says the type. They are kept, found, shared and downloaded as others are; to serve one takes a scoring script.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import ModelError, UsageError, nearest
from ...render.format import plural, size
from ..deploy import is_run_model, model_folder
from ..model_tags import TYPE
from ..preflight import Finding, Preflight, refuse_bad
from .request import same_content, same_source
from .triton import triton_findings

if TYPE_CHECKING:
    from .registration import Registration
    from .request import Request

__all__ = ["KINDS", "from_files"]

KINDS = ("mlflow", "custom", "triton")


def from_files(request: Request, source: object, kind: str) -> Registration:
    """Register files of this machine, or those behind runs:/…, a job's output or a datastore's path.

    Raises:
        UsageError: no such type, or nothing that has files.
        ModelError: there are none, or they are no model repository of Triton.
    """
    if kind not in KINDS:
        meant = nearest(kind, KINDS) or KINDS[0]
        raise UsageError(f"there is no type '{kind}': {', '.join(KINDS)}", hint=f"--type {meant}")
    if not isinstance(source, (str, Path)):
        raise UsageError(
            f"this {type(source).__name__} is no file: a {kind} model is made of files", hint="the path of a folder"
        )
    if request.check.fix:
        raise UsageError(f"a {kind} model has no requirements to mend", hint="leave --fix out")
    path = None if is_address(source) else model_folder(Path(source))
    return _from_there(request, str(source), kind) if path is None else _from_here(request, path, kind)


def is_address(source: str | Path) -> bool:
    """Whether it names files in a store, not on this machine."""
    return isinstance(source, str) and (source.startswith(("azureml:", "runs:/")) or is_run_model(source))


def _from_here(request: Request, path: Path, kind: str) -> Registration:
    from ...client.models import RunModel, content_digest, import_files, location, model_files, remove_import

    if not path.exists():
        raise ModelError(f"there is neither a file nor a folder {path}", hint="a path, as this notebook sees it")
    files = [path] if path.is_file() else list(model_files(path))
    check = _checked(request, kind, [f.relative_to(path).as_posix() if f != path else f.name for f in files], path)
    request.say(f"reading {plural(len(files), 'file')} ({size(sum(file.stat().st_size for file in files))})")
    digest = content_digest(path)
    versions = request.versions()
    if there := same_content(versions, digest):
        return request.again(there, kind)
    tags = {TYPE: kind}
    request.say(f"uploading {path.name}")
    if request.conn.azure is not None:  # azure-ai-ml uploads it as it registers it
        model = RunModel(str(path), name=request.name)
        return request.create(model, versions, digest=digest, check=check, kind=kind, tags=tags)
    model = import_files(request.conn, path, request.experiment, f"import of {path.name}")
    try:
        return request.create(model, versions, digest=digest, check=check, kind=kind, tags=tags)
    except BaseException:
        if not any(version.source in (model.uri, location(request.conn, model.uri)) for version in request.versions()):
            remove_import(request.conn, model)
        raise


def _from_there(request: Request, source: str, kind: str) -> Registration:
    from ...client.models import RunModel, job_output, location, open_files, run_and_path

    conn = request.conn
    if source.startswith("azureml:") and conn.azure is None:
        raise UsageError(
            f"{source} is in Azure Machine Learning, but this is the {conn.label}", hint="%aml_track --list"
        )
    uri = source if ":" in source else f"runs:/{source}"
    with conn.guard(f"looking for the files of {source}"):
        paths = [file.path for file in open_files(conn, uri).files()]
    check = _checked(request, kind, paths, source)
    job = job_output(uri)
    if uri.startswith("runs:/"):
        run_id, _, path = uri.removeprefix("runs:/").partition("/")
        where = f"azureml://jobs/{run_id}/outputs/artifacts/paths/{path}" if conn.azure else location(conn, uri)
        model = RunModel(where, path, run_id)
    else:
        lineage = run_and_path(uri)
        model = RunModel(job.uri if job else uri, name=request.name, run_id=lineage[0] if lineage else None)
    versions = request.versions()
    if there := same_source(versions, model):
        return request.again(there, kind)
    return request.create(model, versions, digest=None, check=check, kind=kind, tags={TYPE: kind})


def _checked(request: Request, kind: str, paths: list[str], source: object) -> Preflight:
    """Raises:
    ModelError: there is nothing, or it is not of that type.
    """
    if not paths:
        raise ModelError(f"there is nothing at {source}", hint="a file, or a folder that holds one")
    findings: tuple[Finding, ...] = triton_findings(paths) if kind == "triton" else ()
    if kind == "custom" and "MLmodel" in paths:
        findings = (Finding("warn", "it is an MLflow model, which can be served as one", "leave --type custom out"),)
    found = Preflight(f"the model for {request.name}", findings)
    if not request.check.force:
        refuse_bad(found.model, "registered", findings)
    return found
