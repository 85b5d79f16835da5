"""The MLflow endpoints of a workspace for registered models, as far as how-to-manage-models-mlflow.md supports them.

No aliases (404 with an empty body), no renaming, no search by tag or LIKE, sources only of this workspace.
"""

from __future__ import annotations

import re
from typing import Any

from . import filters, registry
from .certificates import DOMAIN
from .errors import Refusal, empty, mlflow
from .http import Request, Response, Routes, json_response
from .workspaces import SCOPE, Place, Workspaces

__all__ = ["MlflowRegistry"]

STAGES = ("None", "Staging", "Production", "Archived")
# "Accuracy:" is refused (mlflow#8008); which characters are allowed is not known, these surely are.
_TAG_KEY = re.compile(r"[\w .\-/]+")


class MlflowRegistry:
    """Routes below …/api/2.0/mlflow/registered-models and …/model-versions."""

    def __init__(self, workspaces: Workspaces, store: registry.Registry, *, strict: bool) -> None:
        self._workspaces, self._store, self._strict = workspaces, store, strict
        self._verbs = {
            "POST registered-models/create": self._create_model,
            "GET registered-models/get": self._get_model,
            "PATCH registered-models/update": self._update_model,
            "DELETE registered-models/delete": self._delete_model,
            "GET registered-models/search": self._search_models,
            "GET registered-models/list": self._search_models,
            "POST registered-models/rename": self._rename,
            "GET registered-models/get-latest-versions": self._latest,
            "POST registered-models/get-latest-versions": self._latest,
            "POST registered-models/set-tag": self._set_tag,
            "DELETE registered-models/delete-tag": self._delete_tag,
            "POST model-versions/create": self._create_version,
            "GET model-versions/get": self._get_version,
            "PATCH model-versions/update": self._update_version,
            "DELETE model-versions/delete": self._delete_version,
            "GET model-versions/search": self._search_versions,
            "POST model-versions/transition-stage": self._stage,
            "POST model-versions/set-tag": self._set_tag,
            "DELETE model-versions/delete-tag": self._delete_tag,
            "GET model-versions/get-download-uri": self._download_uri,
        }

    def add_routes(self, routes: Routes) -> None:
        base = f"/mlflow/v[12].0{SCOPE}/workspaces/(?P<ws>[^/]+)/api/2.0/mlflow"
        verb = r"(?P<verb>(registered-models|model-versions)/.+)"
        routes.add("GET POST PATCH DELETE", rf"[a-z0-9-]+\.api\.{DOMAIN}", f"{base}/{verb}", self._do)

    def _do(self, request: Request, sub: str, rg: str, ws: str, verb: str) -> Response:
        place = self._workspaces.find(sub, rg, ws)
        handler = self._verbs.get(f"{request.method} {verb}")
        if handler is None:
            raise empty(404)
        return json_response(handler(place, {**request.query, **request.json()}))

    # --- models -------------------------------------------------------------------------------------------------

    def _create_model(self, place: Place, args: dict[str, Any]) -> dict[str, Any]:
        name = str(args.get("name", ""))
        tags = self._tags(place, args.get("tags"))
        with self._store.lock:
            if self._store.model(place, name) is not None:
                message = f"Registered model with name {name} already exists."
                raise _refused(place, 409, message, "RESOURCE_ALREADY_EXISTS")
            self._store.put_model(place, name, description=args.get("description", ""), tags=tags)
        return {"registered_model": self._show_model(place, name)}

    def _get_model(self, place: Place, args: dict[str, Any]) -> dict[str, Any]:
        return {"registered_model": self._show_model(place, str(args.get("name", "")))}

    def _update_model(self, place: Place, args: dict[str, Any]) -> dict[str, Any]:
        name = self._model_name(place, args)
        self._store.put_model(place, name, description=args.get("description", ""))
        return {"registered_model": self._show_model(place, name)}

    def _delete_model(self, place: Place, args: dict[str, Any]) -> dict[str, Any]:
        name = self._model_name(place, args)
        if self._strict or self._store.versions(place, name):
            raise _refused(place, 400, "Deleting a registered model is not supported; delete its versions.")
        self._store.delete_model(place, name)
        return {}

    def _rename(self, place: Place, args: dict[str, Any]) -> dict[str, Any]:
        raise _refused(place, 400, "Renaming a registered model is not supported.")

    def _search_models(self, place: Place, args: dict[str, Any]) -> dict[str, Any]:
        wanted = self._wanted(str(args.get("filter", "")), ("name",))
        names = [name for name, _ in self._store.models(place) if wanted.get("name", name) == name]
        return {"registered_models": [self._show_model(place, name) for name in names]}

    def _latest(self, place: Place, args: dict[str, Any]) -> dict[str, Any]:
        name = self._model_name(place, args)
        stages = args.get("stages") or []
        stages = [str(stages)] if isinstance(stages, str) else [str(stage) for stage in stages]
        return {"model_versions": self._newest(place, name, stages)}

    # --- versions -----------------------------------------------------------------------------------------------

    def _create_version(self, place: Place, args: dict[str, Any]) -> dict[str, Any]:
        name, source = self._model_name(place, args), str(args.get("source", ""))
        found = registry.from_source(place, source)
        if found is None:
            message = (
                f"Unsupported model source {source}: expected azureml://artifacts/<origin>/<container>/<prefix> "
                "or the artifact URI of a run."
            )
            raise _refused(place, 400, message)
        if "/workspaces/" in source and f"/workspaces/{place.name}/".lower() not in source.lower():
            raise _refused(place, 400, "Registering a model from another workspace is not supported.")
        run_id, uri = found
        tags = self._tags(place, args.get("tags"))
        body = self._store.put_version(
            place, name, source=source, model_uri=uri, run_id=str(args.get("run_id") or run_id), tags=tags,
            description=args.get("description", ""),
        )  # fmt: skip
        return {"model_version": _show_version(name, body)}

    def _get_version(self, place: Place, args: dict[str, Any]) -> dict[str, Any]:
        name, body = self._version(place, args)
        return {"model_version": _show_version(name, body)}

    def _update_version(self, place: Place, args: dict[str, Any]) -> dict[str, Any]:
        name, body = self._version(place, args)
        body = self._store.put_version(place, name, body["version"], description=args.get("description", ""))
        return {"model_version": _show_version(name, body)}

    def _delete_version(self, place: Place, args: dict[str, Any]) -> dict[str, Any]:
        name, body = self._version(place, args)
        self._store.delete_version(place, name, body["version"])
        return {}

    def _search_versions(self, place: Place, args: dict[str, Any]) -> dict[str, Any]:
        wanted = self._wanted(str(args.get("filter", "")), ("name", "run_id"))
        found = []
        for name, _ in self._store.models(place):
            for body in self._store.versions(place, name):
                if wanted.get("name", name) == name and wanted.get("run_id", body["run_id"]) == body["run_id"]:
                    found.append(_show_version(name, body))
        return {"model_versions": found[::-1]}

    def _stage(self, place: Place, args: dict[str, Any]) -> dict[str, Any]:
        name, body = self._version(place, args)
        wanted = str(args.get("stage", ""))
        stage = next((known for known in STAGES if known.lower() == wanted.lower()), None)
        if stage is None:
            raise _refused(place, 400, f"Invalid model version stage {wanted}: one of {', '.join(STAGES)}.")
        if str(args.get("archive_existing_versions", "")).lower() == "true":
            for other in self._store.versions(place, name):
                if other["stage"] == stage and other["version"] != body["version"]:
                    self._store.put_version(place, name, other["version"], stage="Archived")
        body = self._store.put_version(place, name, body["version"], stage=stage)
        return {"model_version": _show_version(name, body)}

    def _download_uri(self, place: Place, args: dict[str, Any]) -> dict[str, Any]:
        _, body = self._version(place, args)
        return {"artifact_uri": body["source"]}

    # --- both ---------------------------------------------------------------------------------------------------

    def _set_tag(self, place: Place, args: dict[str, Any]) -> dict[str, Any]:
        tag = self._tags(place, [{"key": args.get("key", ""), "value": args.get("value", "")}])
        self._change_tags(place, args, tag)
        return {}

    def _delete_tag(self, place: Place, args: dict[str, Any]) -> dict[str, Any]:
        self._change_tags(place, args, {str(args.get("key", "")): None})
        return {}

    def _change_tags(self, place: Place, args: dict[str, Any], changes: dict[str, Any]) -> None:
        with self._store.lock:
            name = self._model_name(place, args)
            found = self._version(place, args)[1] if args.get("version") else self._store.model(place, name) or {}
            tags = {k: v for k, v in {**found["tags"], **changes}.items() if v is not None}
            if args.get("version"):
                self._store.put_version(place, name, found["version"], tags=tags)
            else:
                self._store.put_model(place, name, tags=tags)

    def _tags(self, place: Place, tags: object) -> dict[str, str]:
        found = {str(t.get("key", "")): str(t.get("value", "")) for t in (tags if isinstance(tags, list) else [])}
        if self._strict and not all(_TAG_KEY.fullmatch(key) for key in found):
            raise mlflow(400, "The request is invalid.", code="ValidationError", region=place.region)  # mlflow#8008
        return found

    def _wanted(self, text: str, keys: tuple[str, ...]) -> dict[str, str]:
        """What a filter asks for: only equality, of a few keys (azure-sdk-for-python#42155)."""
        wanted = {}
        for left, operator, right in filters.comparisons(text):
            if left not in keys or operator != "=":
                message = (
                    "Currently unsupported filter string format (we currently do not support OR). "
                    f"Provided filter string: {text}"
                )
                raise mlflow(400, message)
            wanted[left] = right.strip("'\"")
        return wanted

    def _model_name(self, place: Place, args: dict[str, Any]) -> str:
        name = str(args.get("name", ""))
        if self._store.model(place, name) is None:
            raise _refused(place, 404, f"Registered Model with name={name} not found", "RESOURCE_DOES_NOT_EXIST")
        return name

    def _version(self, place: Place, args: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        name, version = str(args.get("name", "")), str(args.get("version", ""))
        found = self._store.version(place, name, version)
        if found is None:
            message = f"Model Version (name={name}, version={version}) not found"
            raise _refused(place, 404, message, "RESOURCE_DOES_NOT_EXIST")
        return name, found

    def _newest(self, place: Place, name: str, stages: list[str]) -> list[dict[str, Any]]:
        newest = {body["stage"] or "None": body for body in self._store.versions(place, name)}
        asked = {stage.lower() for stage in stages}
        return [_show_version(name, body) for stage, body in newest.items() if not asked or stage.lower() in asked]

    def _show_model(self, place: Place, name: str) -> dict[str, Any]:
        body = self._store.model(place, self._model_name(place, {"name": name})) or {}
        return {
            "name": name,
            "creation_timestamp": body["created"],
            "last_updated_timestamp": body["updated"],
            "description": body["description"],
            "latest_versions": self._newest(place, name, []),
            "tags": [{"key": k, "value": v} for k, v in body["tags"].items()],
        }


def _refused(place: Place, status: int, message: str, error_code: str = "INVALID_PARAMETER_VALUE") -> Refusal:
    return mlflow(status, message, error_code=error_code, region=place.region)


def _show_version(name: str, body: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "version": body["version"],
        "creation_timestamp": body["created"],
        "last_updated_timestamp": body["updated"],
        "current_stage": body["stage"] if body["stage"] in STAGES else "None",
        "description": body["description"],
        "source": body["source"],
        "run_id": body["run_id"],
        "status": "READY",
        "tags": [{"key": k, "value": v} for k, v in body["tags"].items()],
    }
