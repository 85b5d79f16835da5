"""The program in a deployment's container: loads an MLflow model and answers POST /score as the no-code script does.

It is run as a file, in a process of its own, with nothing of ours: `python score.py MODEL PORT_FILE`. What it takes and
gives is that of mlflow_score_script.py (assets/inference/environments/mlflow-py312-inference of Azure/azureml-assets):
`input_data` is read as the signature says, `params` goes along, the answer is JSON in records. What goes wrong in it is
told as azureml-inference-server-http does: 400 for what cannot be read, else 500 with one sentence, and the traceback
in the log. SCORE_SECRET, in the environment, must come with each request.
"""

from __future__ import annotations

import hmac
import importlib
import importlib.metadata
import io
import json
import os
import sys
import threading
import time
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

UNEXPECTED = "An unexpected error occurred in scoring script. Check the logs for more info."
NOTHING_GIVEN = "A value is not provided for the 'input_data' parameter."  # azureml-examples#3385


class Unreadable(Exception):
    """What came is none of the forms that the script reads."""


class Model:
    """A loaded model and what its signature says about its input."""

    def __init__(self, folder: str) -> None:
        self._pandas: Any = importlib.import_module("pandas")
        self._numpy: Any = importlib.import_module("numpy")
        self._jsonable: Any = importlib.import_module("mlflow.pyfunc.scoring_server")._get_jsonable_obj
        self._encoder: Any = importlib.import_module("mlflow.utils.proto_json_utils").NumpyEncoder
        self._model: Any = importlib.import_module("mlflow.pyfunc").load_model(folder)
        metadata = self._model.metadata
        self._inputs = metadata.get_input_schema()
        self._outputs = metadata.get_output_schema()
        self._lock = threading.Lock()  # the server has one worker, which is not threaded

    def score(self, body: bytes) -> bytes:
        """The answer to one request.

        Raises:
            Unreadable: it is not read at all.
        """
        try:
            given = json.loads(body)
        except ValueError as error:
            raise Unreadable(f"The request body is not JSON: {error}") from error
        if not isinstance(given, dict) or "input_data" not in given:
            raise Unreadable(NOTHING_GIVEN)
        data = self._read(given["input_data"])
        with self._lock:
            found = self._model.predict(data, params=given.get("params"))
        return json.dumps(self._jsonable(found, pandas_orient="records"), cls=self._encoder).encode()

    def _read(self, data: Any) -> Any:
        """A table where the signature has columns; without one, what it looks like."""
        schema = self._inputs
        of_columns = schema is not None and not schema.is_tensor_spec() and schema.has_input_names()
        is_table = isinstance(data, dict) and {"columns", "data"} <= data.keys()
        if is_table and (of_columns or "index" in data):
            try:
                table = self._pandas.read_json(io.StringIO(json.dumps(data)), orient="split", dtype=False)
                return table.astype({name: kind for name, kind in self._types().items() if name in table.columns})
            except (ValueError, TypeError) as error:
                raise Unreadable(f"The table in 'input_data' cannot be read: {error}") from error
        if of_columns:
            raise Unreadable("The value of 'input_data' must have 'columns', 'index' and 'data'.")
        if isinstance(data, list):
            return self._array(data, "")
        if isinstance(data, dict):
            return {name: self._array(value, name) for name, value in data.items()}
        raise Unreadable("The value of 'input_data' must be a list or an object.")

    def _types(self) -> dict[str, Any]:
        """Of the signature's columns: the script makes an empty table of them, and what comes gets its types."""
        schema = self._inputs
        if schema is None or schema.is_tensor_spec() or not schema.has_input_names():
            return {}
        if any(not hasattr(kind, "to_pandas") for kind in schema.input_types()):
            return {}  # lists and objects: the script then takes them as they are
        return dict(zip(schema.input_names(), schema.pandas_types(), strict=True))

    def _array(self, value: Any, name: str) -> Any:
        """Of the signature's type, as the sample is that the script makes of it."""
        specs = self._inputs.inputs if self._inputs is not None and self._inputs.is_tensor_spec() else []
        found = [spec.type for spec in specs if (spec.name or "") == name]
        try:
            return self._numpy.asarray(value, dtype=found[0] if found else None)
        except (ValueError, TypeError) as error:
            raise Unreadable(f"The value of {name or 'input_data'!r} is no array: {error}") from error

    def swagger(self) -> dict[str, Any]:
        """A description with the one thing that a client reads in it: the form of the output."""
        output: dict[str, Any] = {"type": "object", "example": {}}
        if self._outputs is not None:
            is_tensor = self._outputs.is_tensor_spec()
            output = {"type": "array", "format": "numpy.ndarray" if is_tensor else "pandas.DataFrame:records"}
        paths = {"/score": {"post": {"operationId": "RunMLService", "responses": {"200": {"description": "scores"}}}}}
        info = {"title": "ML service", "version": "1.0"}
        return {"openapi": "3.0.0", "info": info, "paths": paths, "components": {"schemas": {"ServiceOutput": output}}}


class Handler(BaseHTTPRequestHandler):
    """POST /score, GET /swagger.json, GET /: the server's own three routes."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else the body of an answer waits 40 ms for the client's word on the head
    model: Model
    secret: str

    def do_GET(self) -> None:
        """Whether it lives, or what it takes."""
        if self._is_known():
            healthy = self.path == "/"
            self._send(200, b"Healthy" if healthy else json.dumps(self.model.swagger()).encode())

    def do_POST(self) -> None:
        """Score."""
        start = time.perf_counter()
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if not self._is_known():
            return
        try:
            status, answer = 200, self.model.score(body)
        except Unreadable as unreadable:
            status, answer = 400, str(unreadable).encode()
        except Exception:  # noqa: BLE001 - whatever the model does; told in the log, as the service does
            tell(traceback.format_exc().rstrip())
            status, answer = 500, UNEXPECTED.encode()
        tell(f"azmlinfsrv - POST /score {status} {(time.perf_counter() - start) * 1000:.3f}ms {len(answer)}")
        self._send(status, answer)

    def _is_known(self) -> bool:
        if hmac.compare_digest(self.headers.get("x-score-secret", "").encode(), self.secret.encode()):
            return True
        self._send(403, b"")
        return False

    def _send(self, status: int, body: bytes) -> None:
        self.send_response_only(status)
        self.send_header("Content-Type", "application/json" if status == 200 else "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: `tell` does."""


def tell(text: str) -> None:
    """Write to the container's log."""
    sys.stdout.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} I [{os.getpid()}] {text}\n")
    sys.stdout.flush()


def leave_plugins_out() -> None:
    """Mlflow's plugins have no use here; azureml-mlflow, which the sandbox has, costs it a fifth of its start."""
    own = importlib.metadata.entry_points

    def without(**words: Any) -> Any:
        none = str(words.get("group", "")).startswith("mlflow.")
        return importlib.metadata.EntryPoints() if none else own(**words)

    importlib.metadata.entry_points = without


def main(folder: str, port_file: str) -> None:
    """Load, listen, and say in a file on which port."""
    Handler.secret = os.environ.pop("SCORE_SECRET")
    tell(f"azmlinfsrv - loading model from model path: {Path(folder).name}")
    leave_plugins_out()
    Handler.model = Model(folder)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    part = Path(f"{port_file}.part")
    part.write_text(str(server.server_address[1]))
    part.replace(port_file)
    tell("azmlinfsrv - Server started")
    server.serve_forever(0.05)


if __name__ == "__main__":
    main(*sys.argv[1:])
