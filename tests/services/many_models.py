"""A program: makes a model of every kind of signature, and serves all of them from one process.

python many_models.py FOLDER

Each is behind MLflow's own scoring application on a port of its own, as `client.scoring` serves it, and behind the
sandbox's imitation of Azure ML's scoring script on another. Prints a line of JSON: {name: [port, Azure's port]}. Ends
with its standard input. Annotations are not postponed here: MLflow reads the hints.
"""

import json
import sys
import threading
from math import inf
from pathlib import Path
from typing import Any

import mlflow.pyfunc
import numpy as np
import pandas as pd
import pydantic
import uvicorn
from mlflow.models import ModelSignature, infer_signature
from mlflow.pyfunc import ChatModel, PythonModel, scoring_server
from mlflow.types.llm import ChatCompletionResponse
from mlflow.types.schema import (
    AnyType,
    Array,
    ColSpec,
    DataType,
    Map,
    Object,
    ParamSchema,
    ParamSpec,
    Property,
    Schema,
    TensorSpec,
)

from mlflow_aml_magics.client import scoring
from mlflow_aml_magics.sandbox import score

KEY = "the key of many models"


class Types(PythonModel):
    """Answers with the Python type of each value, so that one sees what arrived."""

    def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def]  # mlflow reads hints
        return [{name: type(row[name]).__name__ for name in row} for row in model_input.to_dict("records")]


class Sums(PythonModel):
    """The sum of each row of one array, or of several by name."""

    def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def]
        arrays = model_input.values() if isinstance(model_input, dict) else [np.asarray(model_input)]
        rows = [array.reshape(len(array), -1).astype(float).sum(axis=1) for array in arrays]
        return np.sum(rows, axis=0)


class Times(PythonModel):
    """x times the parameter."""

    def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def]
        return [x * params["k"] + len(params["words"]) for x in model_input["x"]]


class Item(pydantic.BaseModel):
    """What a model with type hints takes."""

    a: int
    b: str | None = None


class Hinted(PythonModel):
    """A model with type hints."""

    def predict(self, model_input: list[Item]) -> list[str]:
        return [item.b or str(item.a) for item in model_input]


class TakesDict(PythonModel):
    """A model that was logged with a dict, and is handed one."""

    def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def]
        if isinstance(model_input, pd.DataFrame):  # from Azure ML's form
            model_input = model_input.to_dict("records")[0]
        return f"{model_input['who']} is {model_input['age']}"


class Line(PythonModel):
    """y = x, plus something where x is more than 2; refuses what is above 2,500."""

    def __init__(self, plus: float) -> None:
        self.plus = plus

    def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def]
        if (model_input["x"] > 2500).any():
            raise ArithmeticError("x is beyond all bounds")
        return (model_input["x"] + (model_input["x"] > 2) * self.plus).to_numpy()


class Kind(PythonModel):
    """A class and its probability."""

    def __init__(self, bound: float) -> None:
        self.bound = bound

    def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def]
        x = model_input["x"]
        return pd.DataFrame({"kind": np.where(x > self.bound, "red", "white"), "p": 1 / (1 + np.exp(self.bound - x))})


class Talks(ChatModel):
    """A model of chat."""

    def predict(self, context, messages, params):  # type: ignore[no-untyped-def]
        said = f"{messages[-1].content} at {params.temperature}"
        choice = {"index": 0, "message": {"role": "assistant", "content": said}}
        return ChatCompletionResponse.from_dict({"choices": [choice]})


X = Schema([ColSpec("double", "x")])
EVERY_TYPE = Schema([*(ColSpec(kind.name, kind.name) for kind in DataType), ColSpec("double", "maybe", required=False)])
NESTED = Schema(
    [
        ColSpec(Array("string"), "words"),
        ColSpec(Object([Property("x", "long"), Property("y", "string", required=False)]), "thing"),
        ColSpec(Map("double"), "weights"),
        ColSpec(AnyType(), "any"),
    ]
)
PARAMS = ParamSchema([ParamSpec("k", "double", 0.5), ParamSpec("words", "string", ["a"], (-1,))])
EXAMPLE = pd.DataFrame({"x": [1.0, 2.0, 2.0], "color": ["red", "white", "white"]})

MODELS: dict[str, tuple[PythonModel | ChatModel, dict[str, Any]]] = {
    "types": (Types(), {"signature": ModelSignature(inputs=EVERY_TYPE)}),
    "nested": (Types(), {"signature": ModelSignature(inputs=NESTED)}),
    "unnamed": (Sums(), {"signature": ModelSignature(inputs=Schema([ColSpec("double"), ColSpec("long")]))}),
    "tensor": (Sums(), {"signature": ModelSignature(inputs=Schema([TensorSpec(np.dtype("float32"), (-1, 2, 3))]))}),
    "tensors": (
        Sums(),
        {
            "signature": ModelSignature(
                inputs=Schema(
                    [TensorSpec(np.dtype("float64"), (-1, 2), "image"), TensorSpec(np.dtype("int64"), (-1,), "n")]
                )
            )
        },
    ),
    "array-example": (Sums(), {"input_example": np.ones((2, 3))}),
    "example": (Types(), {"signature": False, "input_example": EXAMPLE}),
    "infinite": (Times(), {"signature": ModelSignature(inputs=X), "input_example": pd.DataFrame({"x": [inf, 2.0]})}),
    "params": (
        Times(),
        {
            "signature": ModelSignature(inputs=X, params=PARAMS),
            "input_example": (pd.DataFrame({"x": [2.0]}), {"k": 3.0}),
        },
    ),
    "params-without-example": (Times(), {"signature": ModelSignature(inputs=X, params=PARAMS)}),
    "hint": (Hinted(), {}),
    "hint-with-example": (Hinted(), {"input_example": [{"a": 1, "b": "one"}]}),
    "dict": (TakesDict(), {"input_example": {"who": "Ada", "age": 36}}),
    "dict-without-signature": (TakesDict(), {"signature": False, "input_example": {"who": "Ada", "age": 36}}),
    "chat": (Talks(), {"input_example": {"messages": [{"role": "user", "content": "hello"}], "temperature": 0.5}}),
    "neither": (Types(), {}),
    "blue": (Line(0.0), {"signature": ModelSignature(inputs=X)}),
    "green": (Line(0.5), {"signature": ModelSignature(inputs=X)}),
    "kinds": (Kind(2.0), {"signature": infer_signature(EXAMPLE[["x"]])}),
    "kinds2": (Kind(1.5), {"signature": infer_signature(EXAMPLE[["x"]])}),
}


class Azure:
    """The sandbox's scoring script as an application."""

    def __init__(self, folder: Path) -> None:
        self.model = score.Model(str(folder))

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        try:
            status, answer = 200, self.model.score(body)
        except Exception as exc:  # noqa: BLE001  # the test shows it
            status, answer = 500, f"{type(exc).__name__}: {exc}".encode()
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": answer})


def serve(app: Any) -> int:
    """Serve an application in a thread. Returns the port."""
    sock = scoring._bind(0)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
    threading.Thread(target=server.run, kwargs={"sockets": [sock]}, daemon=True).start()
    return int(sock.getsockname()[1])


def main(folder: Path) -> None:
    """Make, load, serve."""
    ports = {}
    for name, (model, options) in MODELS.items():
        path = folder / name
        mlflow.pyfunc.save_model(path, python_model=model, pip_requirements=[], **options)
        app = scoring._Guarded(scoring_server.init(mlflow.pyfunc.load_model(str(path))), KEY)
        ports[name] = [serve(app), serve(Azure(path))]
    sys.stdout.write(json.dumps(ports) + "\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
