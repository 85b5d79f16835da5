"""What the service refuses of online endpoints by name and number."""

from __future__ import annotations

from typing import Any

import pytest

from mlflow_aml_magics.sandbox.errors import Refusal
from mlflow_aml_magics.sandbox.online_rules import check_name, check_quota, check_traffic, cores_needed, seconds_of


@pytest.mark.parametrize("name", ["ab", "1abc", "a--b", "abc-", "a_bc", "x" * 33, "../x", "abc\n"])
def test_names_that_are_refused(name: str) -> None:
    with pytest.raises(Refusal, match="400"):
        check_name("endpoint", name)


@pytest.mark.parametrize("name", ["abc", "A-1-b", "x" * 32])
def test_names_that_are_taken(name: str) -> None:
    check_name("endpoint", name)


@pytest.mark.parametrize(
    ("traffic", "mirror", "words"),
    [
        ({"blue": 60}, {}, "0 or 100"),
        ({"blue": 101, "green": -1}, {}, "from 0 to 100"),
        ({"blue": True, "green": 99}, {}, "integers"),
        ({"blue": "100"}, {}, "integers"),
        ({"red": 100}, {}, "do not exist: red"),
        ({"blue": 100}, {"green": 60}, "at most 50 percent"),
        ({"blue": 100}, {"blue": 10}, "live and mirrored traffic"),
        ({}, {"blue": 10, "green": 10}, "one deployment only"),
    ],
)
def test_traffic_that_is_refused(traffic: dict[str, Any], mirror: dict[str, Any], words: str) -> None:
    with pytest.raises(Refusal) as refused:
        check_traffic(traffic, mirror, ["blue", "green"])
    assert words in refused.value.body.decode()


@pytest.mark.parametrize(
    ("traffic", "mirror"),
    [({}, {}), ({"blue": 0}, {}), ({"blue": 90, "green": 10}, {}), ({"blue": 100}, {"green": 50})],
)
def test_traffic_that_is_taken(traffic: dict[str, int], mirror: dict[str, int]) -> None:
    check_traffic(traffic, mirror, ["blue", "green"])


@pytest.mark.parametrize(("duration", "seconds"), [("PT5S", 5), ("PT1M30S", 90), ("P0DT0H2M0.5S", 120.5)])
def test_durations(duration: str, seconds: float) -> None:
    assert seconds_of(duration) == seconds


@pytest.mark.parametrize("duration", ["soon", "5", "PT3M1S", "P1D", "PTxS"])
def test_durations_that_are_refused(duration: str) -> None:
    with pytest.raises(Refusal):
        seconds_of(duration)


@pytest.mark.parametrize(
    ("instance_type", "count", "cores"),
    # one of 4 cores needs 8, one of 16 needs 32 (mslearn-azure-ml#30, azure-realtime-fraud-detection#2); 10 need 12
    [("Standard_DS3_v2", 1, 8), ("Standard_F16s_v2", 1, 32), ("STANDARD_DS1_V2", 10, 12)],
)
def test_upgrades_need_more_cores(instance_type: str, count: int, cores: int) -> None:
    assert cores_needed(instance_type, count) == cores
    check_quota(instance_type, cores, 2, cores + 2, "subscription")
    with pytest.raises(Refusal):
        check_quota(instance_type, cores, 3, cores + 2, "subscription")
