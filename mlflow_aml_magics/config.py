"""Settings and where each value came from: argument > %config > environment > pyproject.toml > user file > default.

No network, no mlflow.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import UsageError, nearest

__all__ = ["SETTINGS", "Setting", "Settings", "load_settings", "user_config_file"]


@dataclass(frozen=True)
class Setting:
    """One thing that can be set once instead of typed each time."""

    name: str
    default: str | bool
    help: str
    choices: tuple[str, ...] = ()

    @property
    def env(self) -> str:
        """Its environment variable."""
        return f"AML_MAGICS_{self.name.upper()}"


SETTINGS = (
    Setting("tracking_uri", "", "the store that %aml_track connects to when none is named"),
    Setting("experiment", "", "the experiment when none is named; else the notebook's name"),
    Setting("autolog", True, "let mlflow log what models are fitted with, without a change in the code"),
    Setting("log_models", True, "let autolog keep the fitted models too (mlflow takes some 5 s a fit for it)"),
    Setting("source", True, "keep the executed cells' source with each run"),
    Setting("cache", True, "keep runs that were read on disk, so that they open at once the next time"),
    Setting("render", "auto", "static: leave the picture and table of a panel, not the live panel", ("auto", "static")),
)
_BY_NAME = {setting.name: setting for setting in SETTINGS}


@dataclass(frozen=True)
class Settings:
    """The values in force. ``origin`` says of each where it came from, for status cards and the doctor."""

    values: Mapping[str, str | bool]
    origin: Mapping[str, str]

    def text(self, name: str) -> str:
        """A setting that is text; "" means not set."""
        return str(self.values[name])

    def flag(self, name: str) -> bool:
        """A setting that is on or off."""
        return bool(self.values[name])


def user_config_file() -> Path:
    """The user's own file, one for all projects."""
    import platformdirs

    return Path(platformdirs.user_config_dir("mlflow_aml_magics")) / "config.toml"


def load_settings(folder: Path, configured: Mapping[str, str | bool] | None = None) -> Settings:
    """Collect the settings for a notebook in ``folder``.

    Args:
        folder: where the search for pyproject.toml starts; it climbs to the root.
        configured: what ``%config AmlMagics.…`` set.

    Raises:
        UsageError: a file or variable names an unknown setting or gives a wrong value.
    """
    values: dict[str, str | bool] = {setting.name: setting.default for setting in SETTINGS}
    origin = dict.fromkeys(values, "default")
    layers = [_file_layer(user_config_file(), ()), _pyproject_layer(folder), _environment_layer()]
    layers.append(("%config", dict(configured or {})))
    for where, layer in layers:
        for name, value in layer.items():
            setting = _known(name, where)
            values[name] = _checked(setting, value, where)
            origin[name] = where
    return Settings(values, origin)


def _known(name: str, where: str) -> Setting:
    if name not in _BY_NAME:
        close = nearest(name, _BY_NAME)
        raise UsageError(
            f"{where} sets '{name}', which is no setting",
            hint=f"did you mean {close}?" if close else f"the settings are {', '.join(_BY_NAME)}",
        )
    return _BY_NAME[name]


def _checked(setting: Setting, value: object, where: str) -> str | bool:
    if isinstance(setting.default, bool):
        if isinstance(value, bool):
            return value
        word = str(value).strip().lower()
        if word in ("1", "true", "yes", "on"):
            return True
        if word in ("0", "false", "no", "off", ""):
            return False
        raise UsageError(f"{where} sets {setting.name} to '{value}'", hint="true or false")
    text = str(value)
    if setting.choices and text not in setting.choices:
        raise UsageError(f"{where} sets {setting.name} to '{text}'", hint=f"one of {', '.join(setting.choices)}")
    return text


def _environment_layer() -> tuple[str, dict[str, Any]]:
    found = {s.name: os.environ[s.env] for s in SETTINGS if s.env in os.environ}
    return "the environment", found


def _pyproject_layer(folder: Path) -> tuple[str, dict[str, Any]]:
    for parent in (folder, *folder.parents):
        if (parent / "pyproject.toml").is_file():
            return _file_layer(parent / "pyproject.toml", ("tool", "mlflow_aml_magics"))
    return "pyproject.toml", {}


def _file_layer(path: Path, keys: tuple[str, ...]) -> tuple[str, dict[str, Any]]:
    if not path.is_file():
        return str(path), {}
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib  # type: ignore[import-not-found,unused-ignore]
    try:
        table: Any = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise UsageError(f"{path} is not valid TOML: {exc}", hint="mend or remove it") from exc
    for key in keys:
        table = table.get(key, {})
    return str(path), dict(table)
