"""MLflow 3 on Azure Machine Learning: small mends, put in only while connected to it, and taken out again.

mlflow 3 speaks endpoints that the service does not have, and azureml-mlflow 1.62.0.post6 overrides none of them. Each
mend is a file of its own, with its issue and a probe that switches it off when the service has learned.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..connection import Connection
    from .unit import Unit

__all__ = ["applied", "hold", "installed", "is_azureml", "release", "settle", "units"]

_lock = threading.RLock()
_holders: list[str] = []
_installed: dict[str, Unit] = {}


def is_azureml(uri: str) -> bool:
    """Whether a tracking URI is of Azure Machine Learning."""
    return uri.startswith("azureml:")


def units() -> list[Unit]:
    """One of each mend."""
    from .aliases import Aliases
    from .artifacts import Artifacts
    from .batches import Batches
    from .lag import Lag
    from .later import Later
    from .logged_models import LoggedModels
    from .login import Login
    from .model_search import ModelSearch
    from .paging import Paging
    from .quiet import Quiet
    from .relogin import Relogin
    from .run_links import RunLinks
    from .write_once import WriteOnce

    return [
        Quiet(), Login(), Relogin(), LoggedModels(), Artifacts(), WriteOnce(), ModelSearch(), Paging(), Lag(),
        Batches(), Later(), RunLinks(), Aliases(),
    ]  # fmt: skip


def hold(connection: Connection) -> None:
    """Put the mends in, if the connection is to Azure ML and nobody has yet. Each call needs a `release`."""
    if not is_azureml(connection.uri):
        return
    with _lock:
        is_new = connection.uri not in _holders
        _holders.append(connection.uri)
        if not is_new:
            return
        try:
            for unit in units():
                if unit.name not in _installed and unit.applies(connection):
                    _installed[unit.name] = unit  # before: what fails half-way is taken out with the others
                    unit.install()
        except BaseException:
            release(connection)
            raise


def release(connection: Connection) -> None:
    """Take the mends out when the last holder lets go."""
    with _lock:
        if connection.uri in _holders:
            _holders.remove(connection.uri)
        if not _holders:
            for name in reversed(list(_installed)):
                _installed.pop(name).remove()


@contextmanager
def applied(connection: Connection) -> Iterator[None]:
    """With the mends in, for a connection to Azure Machine Learning; without a change for any other."""
    hold(connection)
    try:
        yield
    finally:
        if is_azureml(connection.uri):
            release(connection)


def settle() -> None:
    """Tell the service what it has not heard yet; without the bridge nothing is imported or asked."""
    if _installed:
        from .later import settle

        settle()


def installed() -> list[Unit]:
    """The mends that are in now."""
    with _lock:
        return list(_installed.values())
