"""`%aml_register`, `%aml_models`, `%aml_deploy`, `%aml_invoke`, `%aml_endpoints`: one story, one served model."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from mlflow_aml_magics.errors import (
    DeploymentNotFound,
    InvokeError,
    MetricNotFound,
    ModelError,
    ModelNotFound,
    NoModelInRun,
    UsageError,
)

TRAIN = """
import mlflow, pandas as pd
from sklearn.linear_model import Ridge
X = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b c": [0.5, 0.1, 0.9]})
model = Ridge(alpha=0.1).fit(X, [1.0, 2.0, 3.0])
with mlflow.start_run(run_name="good run") as run:
    mlflow.log_metric("val/rmse", 0.5)
    mlflow.sklearn.log_model(model, name="model", pip_requirements=["scikit-learn"], input_example=X)
with mlflow.start_run(run_name="empty"):
    mlflow.log_metric("val/rmse", 0.9)
"""


@pytest.fixture
def served(tracked: Any) -> Iterator[Any]:
    """A shell with a trained, registered and served model `wine`."""
    tracked.run(TRAIN)
    tracked.run("%aml_register best --metric val/rmse --name wine --alias champion --tag team=red")
    tracked.run("%aml_deploy wine@champion --to local")
    yield tracked
    tracked.run("%aml_deploy --stop-all")


def test_from_the_best_run_to_predictions(served: Any, tmp_path: Path) -> None:
    (version,) = served.run("%aml_models wine").versions
    assert (version.version, version.aliases, version.run_id) == ("1", ("champion",), served["run"].info.run_id)
    assert version.tags["team"] == "red"
    expected = list(served["model"].predict(served["X"]))

    body = json.dumps({"dataframe_split": {"columns": ["a", "b c"], "data": [[1.0, 0.5], [2.0, 0.1], [3.0, 0.9]]}})
    (tmp_path / "rows.json").write_text(body)
    served["X"].to_csv(tmp_path / "rows.csv", index=False)
    for cell in (
        "%aml_invoke wine --sample",
        "%aml_invoke wine --data X",
        f"%aml_invoke wine --data '{body}'",
        f"%aml_invoke wine --data {tmp_path}/rows.json",
        f"%aml_invoke wine --data {tmp_path}/rows.csv --repeat 3",
        f"%%aml_invoke wine\n{body}",
    ):
        answer = served.run(cell)
        assert list(pd.Series(answer.predictions)) == expected, cell
    assert len(answer.latencies_ms) == 1
    some = served.run("%aml_invoke wine --data X --rows 1: --chunk 1 --repeat 2")
    assert (list(some.predictions), some.parts, len(some.latencies_ms)) == (expected[1:], 2, 4)
    with pytest.raises(InvokeError, match=r"Expecting ',' delimiter, at line 2, column 8: 1\}$"):
        served.run('%%aml_invoke wine\n{"a":\n   "b" 1}\n')
    assert len(served.run("%aml_invoke wine --sample --rows 0:1").predictions) == 1
    served.run("Xgood = X")
    with pytest.raises(UsageError, match="no variable and no file 'Xgod'") as mistyped:
        served.run("%aml_invoke wine --data Xgod")
    assert mistyped.value.hint == "did you mean Xgood?"
    with pytest.raises(InvokeError, match="no parameter 'k'"):
        served.run("%aml_invoke wine --sample --param k=2")
    for words, says in (("--rows 1-2", "A:B"), ("--curl --python", "one of them"), ("--compare a b c", "blue green")):
        with pytest.raises(UsageError) as refused:
            served.run(f"%aml_invoke wine --sample {words}")
        assert says in f"{refused.value} {refused.value.hint}"

    key = next(Path(os.environ["AML_MAGICS_STATE_DIR"]).rglob("key")).read_text()
    command = served.run("%aml_invoke wine --sample --curl")
    assert command.startswith("curl ")
    code = served.run("%aml_invoke wine --data X --python")
    assert "urllib" in code
    shown = [
        command,
        code,
        repr(served.run("%aml_endpoints")),
        repr(answer),
        repr(served.run("%aml_deploy --logs wine")),
    ]
    assert not any(key in text for text in shown)
    assert "wine" in repr(served.run("%aml_track --status"))

    with pytest.raises(InvokeError, match="b c"):
        served.run("%aml_invoke wine --data '[{\"a\": 1}]'")
    with pytest.raises(DeploymentNotFound) as caught:
        served.run("%aml_invoke wien --sample")
    assert "wine" in (caught.value.hint or "")
    served.run("wine = X")
    assert served.run("%aml_deploy wine --name again").ref == "wine"
    found = served.run("%aml_invoke wine --compare again --data X")
    assert found.same
    assert "100 % equal (3 of 3)" in repr(found)
    with pytest.raises(UsageError, match="Ridge"):
        served.run("%aml_deploy model")
    plan = served.run("%aml_deploy wine@champion --name third --isolated --port 5999 --dry-run")
    assert "an environment of its own requirements" in plan.steps[1]
    assert "isolated=True" in plan.python
    with pytest.raises(UsageError, match="--to docker knows no isolated"):
        served.run("%aml_deploy wine@champion --to docker --isolated")
    assert "wine is deleted" in served.run("%aml_deploy --delete wine")
    assert [d.name for d in served.run("%aml_endpoints --static")] == ["again"]


def test_what_can_be_registered(tracked: Any, tmp_path: Path) -> None:
    tracked.run(TRAIN)
    assert tracked.run("%aml_register 'good run' --name wine").created
    assert not tracked.run("%aml_register $run.info.run_id --name wine").created
    tracked.run("mlflow.sklearn.save_model(Ridge().fit(X, [3.0, 2, 1]), 'saved', pip_requirements=['scikit-learn'])")
    assert tracked.run("%aml_register ./saved --name wine").version == "2"
    assert not tracked.run("%aml_register saved --name wine --alias here").created
    assert tracked.run("%aml_models wine").versions[0].aliases == ("here",)


@pytest.mark.parametrize(
    ("line", "error", "says"),
    [
        ("%aml_register empty --name wine", NoModelInRun, "empty"),
        ("%aml_register best --metric nope --name wine", MetricNotFound, "nope"),
        ("%aml_register ./nowhere --name wine", ModelError, "nowhere"),
        ("%aml_register best --metric val/rmse", UsageError, "--name"),
        ("%aml_deploy wine@champion", ModelNotFound, "wine"),
        ("%aml_deploy wine --to moon", UsageError, "moon"),
        ("%aml_deploy wine --logs wine", UsageError, "one model"),
        ("%aml_deploy --traffic blue=100", UsageError, "which endpoint"),
        ("%aml_deploy --traffic blue", UsageError, "NAME=PERCENT"),
        ("%aml_deploy --delete wine", DeploymentNotFound, "wine"),
        ("%aml_deploy --stop-all --dry-run", UsageError, "--dry-run is of a deployment: nothing was done"),
        ("%aml_deploy --name wine --rollback --traffic a=100", UsageError, "exclude each other"),
        ("%aml_invoke wine", UsageError, "--sample"),
        ("%aml_invoke wine --sample --repeat 0", UsageError, "0"),
        ("%aml_models wine", ModelNotFound, "wine"),
    ],
)
def test_bad_input_is_named(tracked: Any, line: str, error: type[Exception], says: str) -> None:
    tracked.run(TRAIN)
    with pytest.raises(error, match=says):
        tracked.run(line)
    assert len(tracked.run("%aml_models").versions) == 0
