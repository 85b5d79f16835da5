"""The side-by-side panel of two to twenty runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, cast

import traitlets

from ..contract import ComparisonInfo, NoiseResult
from ..render.comparison import comparison_document
from ..render.document import Document
from .answers.compare import compare_answers
from .base import Handler, Panel, asset

if TYPE_CHECKING:
    from ..frames.runtable import RunTable
    from ..workspace import Workspace

__all__ = ["ComparisonPanel"]


class ComparisonPanel(Panel):
    """Params, metrics with their difference, tags, source, artifacts, signature and environment of runs, side by side.

    The baseline and which value of the metrics is shown are chosen in the panel; `comparison` follows.
    """

    _comparison = traitlets.Dict().tag(sync=True)
    differences_only = traitlets.Bool(True, help="leave out what is the same in all").tag(sync=True)

    def __init__(self, workspace: Workspace, comparison: ComparisonInfo) -> None:
        self._esm, self._css = asset("comparison.js"), asset("comparison.css")
        self.workspace = workspace
        self._around: tuple[set[str], RunTable] | None = None  # where repeats of which runs were looked for
        super().__init__(_comparison=comparison)
        answers = compare_answers(self)
        self._handlers |= {**answers, "compare": self._followed(answers["compare"]), "noise": self._noise}

    @property
    def comparison(self) -> ComparisonInfo:
        """What is compared, as data."""
        return cast(ComparisonInfo, self._comparison)

    def _followed(self, compare: Handler) -> Handler:
        """The handler of `compare`, whose answer is what the panel keeps."""

        def followed(args: Mapping[str, Any], progress: Callable[[str], None]) -> Mapping[str, Any]:
            found = dict(compare(args, progress))
            self._comparison = found
            return found

        return followed

    def _noise(self, args: Mapping[str, Any], progress: Callable[[str], None]) -> NoiseResult:
        """As the explorer's, among all runs of the experiments that these runs are in."""
        from ..frames.noise import is_it_noise
        from ..services.runs import choose_goal

        wanted, metric = [str(run_id) for run_id in args["run_ids"]], str(args["metric"])
        if self._around is None or self._around[0] != set(wanted):
            self._around = set(wanted), self.workspace.runs_around(wanted, progress)
        runs = self._around[1]
        by, baseline = args.get("group_by") or (), str(args.get("baseline") or "")
        goal = choose_goal(metric, None)[0]
        return is_it_noise(runs, wanted, metric, baseline=baseline, group_by=by, goal=goal)

    def _document(self) -> Document:
        return comparison_document(self.comparison)
