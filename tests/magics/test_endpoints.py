"""`%aml_endpoints`, and `%aml_deploy` without a model: the panel, and what it is without one."""

from __future__ import annotations

from typing import Any

import pytest

from mlflow_aml_magics.errors import DeploymentNotFound, UsageError
from mlflow_aml_magics.panels.endpoints import EndpointsPanel
from mlflow_aml_magics.services.deploy import DeploymentList


def test_the_panel_is_a_sequence_and_needs_no_store(shell: Any) -> None:
    panel = shell.run("%aml_endpoints")
    assert isinstance(panel, EndpointsPanel)
    assert (len(panel), list(panel), panel.tab) == (0, [], "test")
    assert repr(panel) == repr(shell.run("%aml_endpoints --static"))
    assert isinstance(shell.run("%aml_endpoints --static"), DeploymentList)
    with pytest.raises(DeploymentNotFound, match="wine"):
        shell.run("%aml_endpoints wine")
    with pytest.raises(UsageError, match="which deployment"):
        shell.run("%aml_endpoints --delete")


def test_deploy_without_a_model_opens_the_form(tracked: Any) -> None:
    panel = tracked.run("%aml_deploy")
    assert isinstance(panel, EndpointsPanel)
    assert panel.tab == "new"
