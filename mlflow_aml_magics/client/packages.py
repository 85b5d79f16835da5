"""Which versions of mlflow and Azure's packages are installed, and whether they go together."""

from __future__ import annotations

from importlib import metadata, util

__all__ = ["PACKAGES", "broken_pair", "is_installed", "untested", "version_of"]

PACKAGES = ("mlflow", "azureml-mlflow", "azure-ai-ml", "azure-identity")
FIRST_GOOD = (1, 61)  # of azureml-mlflow: earlier ones know no tracking_uri (Azure/azure-sdk-for-python#43661, #42626)
SINCE = (3, 1, 2)  # of mlflow: from here on it passes one
LAST = (3, 15, 0)  # of mlflow: azureml-mlflow 1.62.0.post6 asks for no newer one (#48745, #49128)


def version_of(package: str) -> str:
    """Its version; "" when it is not installed."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def is_installed(module: str) -> bool:
    """Whether a module can be imported. Of a dotted name the packages above it are."""
    try:
        return util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def broken_pair(mlflow: str | None = None, plugin: str | None = None) -> str:
    """What is wrong with the installed mlflow and azureml-mlflow together; "" when nothing is known to be.

    ``pip install mlflow azureml-mlflow azure-ai-ml``, as the documentation says, takes azureml-mlflow 1.60.0: the
    newest without an upper cap, with which every artifact call raises TypeError.
    """
    mlflow = version_of("mlflow") or version_of("mlflow-skinny") if mlflow is None else mlflow
    plugin = version_of("azureml-mlflow") if plugin is None else plugin
    if not mlflow or not plugin:
        return ""
    if _numbers(plugin) < FIRST_GOOD and _numbers(mlflow) >= SINCE:
        return (
            f"azureml-mlflow {plugin} does not go with mlflow {mlflow}: every call about artifacts raises TypeError "
            "(tracking_uri); azureml-mlflow 1.62.0.post6 with mlflow 3.15.0 does"
        )
    return ""


def untested(mlflow: str | None = None) -> str:
    """A word about an mlflow newer than the plugin asks for; "" otherwise."""
    mlflow = version_of("mlflow") if mlflow is None else mlflow
    if mlflow and version_of("azureml-mlflow") and _numbers(mlflow) > LAST:
        return f"mlflow {mlflow} is newer than azureml-mlflow asks for (3.15.0)"
    return ""


def _numbers(version: str) -> tuple[int, ...]:
    parts = []
    for part in version.split("."):
        digits = "".join(letter for letter in part if letter.isdigit())
        if not part[:1].isdigit():
            break
        parts.append(int(digits))
    return tuple(parts)
