"""``%aml_track`` and ``%%aml_track``."""

from __future__ import annotations

import ast
import sys
from contextlib import nullcontext
from types import CodeType
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from .parsing import VerbParser, pair, unquote

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from ..config import Settings
    from ..services.track import TrackStatus
    from ..workspace import Workspace
    from .session import Session

__all__ = ["add_store_words", "open_store", "parser", "run"]


def parser() -> VerbParser:
    """The words of `%aml_track`."""
    verb = VerbParser(
        "track",
        "Connect, and track what this notebook trains; your code stays as it is. Scripts started from the notebook "
        "(!python train.py) land in the same experiment. As %%aml_track it runs one cell as one run.",
        examples=(
            "%aml_track",
            "%aml_track sqlite:///mlflow.db --experiment wine",
            "%aml_track http://127.0.0.1:5000 --no-models",
            "%aml_track --workspace ml-dev --resource-group rg-1 --subscription ID",
            "%aml_track --list --subscription ID",
            "%aml_track --sandbox",
            "%%aml_track --run-name baseline --tag team=red --params alpha,depth --metrics score",
            "%aml_track --status",
            "%aml_track --off",
        ),
        cell=True,
    )
    azure = add_store_words(verb)
    azure.add_argument("--list", action="store_true", help="the workspaces that the login can see")
    azure.add_argument("--sandbox", action="store_true", help="a workspace on this machine, to try everything in")
    verb.add_argument("--no-autolog", action="store_true", help="log only what the code logs itself")
    verb.add_argument("--no-models", action="store_true", help="let autolog keep no models: faster")
    verb.add_argument("--no-source", action="store_true", help="keep no cells' source with the runs")
    verb.add_argument("--status", action="store_true", help="what is on, and why")
    verb.add_argument("--off", action="store_true", help="stop, and put everything back as it was")
    cell = verb.add_argument_group("of the cell (%%aml_track)")
    cell.add_argument("--run-name", metavar="NAME", help="the run's name")
    cell.add_argument("--tag", metavar="K=V", type=pair, action="append", default=[], help="may be repeated")
    cell.add_argument("--params", metavar="A,B", type=_names, default=[], help="variables to log as params")
    cell.add_argument("--metrics", metavar="A,B", type=_names, default=[], help="variables to log as metrics")
    return verb


def add_store_words(parser: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    """Add the words that name a store and an experiment; the group of those about Azure."""
    parser.add_argument("uri", nargs="?", help="a tracking URI, database file, mlruns folder, studio URL or ARM id")
    parser.add_argument("--experiment", "-e", metavar="NAME", help="where runs go; else the notebook's name")
    azure = parser.add_argument_group("of Azure Machine Learning")
    azure.add_argument("--workspace", "-w", metavar="NAME", help="a workspace; else config.json's")
    azure.add_argument("--resource-group", "-g", metavar="NAME", help="its resource group")
    azure.add_argument("--subscription", metavar="ID", help="its subscription")
    azure.add_argument("--tenant", metavar="ID", help="of the login, when you have several")
    return azure


def open_store(
    args: argparse.Namespace, settings: Settings, folder: Path, *, names: tuple[str, str, str] | None = None
) -> Workspace:
    """The store that the words of `add_store_words` name, else the setting tracking_uri, else what is found.

    Args:
        names: a workspace's subscription, resource group and name, for what the words leave out.
    """
    from ..workspace import Workspace

    subscription, group, name = names or (args.subscription, args.resource_group, None)
    by_name = bool(args.workspace or group or subscription)
    configured = "" if args.uri or by_name else settings.text("tracking_uri")
    workspace = Workspace.connect(
        args.uri or configured or None,
        folder=folder,
        workspace=args.workspace or name,
        resource_group=group,
        subscription=subscription,
        tenant=args.tenant,
    )
    if configured:
        workspace.why = f"tracking_uri is set by {settings.origin['tracking_uri']}"
    return workspace


def _names(word: str) -> list[str]:
    return [name.strip() for name in unquote(word).split(",") if name.strip()]


def run(session: Session, args: argparse.Namespace, cell: str | None) -> Any:
    """Start, stop, tell, or run a cell as one run."""
    __tracebackhide__ = True
    from ..services.track import status_of

    if cell is not None and (args.off or args.status):
        raise UsageError("--off and --status run no cell", hint="%aml_track on a line of its own")
    if args.off:
        return _stop(session)
    if cell is None and (args.run_name or args.tag or args.params or args.metrics):
        raise UsageError(
            "--run-name, --tag, --params and --metrics are for a cell", hint="%%aml_track on the cell's first line"
        )
    if args.list and args.sandbox:
        raise UsageError("--list asks Azure, --sandbox is on this machine", hint="%aml_track --sandbox")
    if args.list:
        from ..services.track import list_workspaces

        return list_workspaces(
            args.subscription, resource_group=args.resource_group, tenant=args.tenant, folder=session.folder
        )
    tracking = session.tracking
    if args.status:
        why = session.workspace().why if tracking else ""
        sandbox = session.sandbox.text if session.sandbox else ""
        return status_of(tracking, why_store=why, why_experiment=session.why_experiment, sandbox=sandbox)
    if cell is None:
        return _start(session, args)
    names_store = args.uri or args.workspace or args.resource_group or args.subscription or args.sandbox
    if tracking is None or names_store or args.no_autolog or args.no_models or args.no_source:
        _start(session, args)
    return _run_cell(session, args, cell)


def _stop(session: Session) -> TrackStatus:
    from ..services.track import TrackStatus

    left = session.stop_tracking()
    if left is None:
        return TrackStatus(False, note="it was off already; %aml_track starts it")
    note = f"the store did not answer, so these runs are still open: {', '.join(left)}" if left else ""
    return TrackStatus(False, note=note)


def _start(session: Session, args: argparse.Namespace) -> TrackStatus:
    """Tracking that is on stays on until the new one has its store and its experiment."""
    from ..services.local_cloud import local_cloud
    from ..services.track import prepare_tracking, status_of

    if args.sandbox:
        _check_sandbox_alone(args)
        print("starting a local workspace…", file=sys.stderr)  # some seconds
    sandbox = local_cloud(session.folder) if args.sandbox else None
    with session.environment_before(), sandbox.entered() if sandbox else nullcontext():
        settings = session.settings()
        workspace = open_store(args, settings, session.folder, names=sandbox.names if sandbox else None)
        chosen = session.default_experiment(settings)
        experiment, why = (args.experiment, "you named it") if args.experiment else chosen
        tracking, ended = prepare_tracking(
            workspace.connection,
            experiment=experiment,
            folder=session.folder,
            notebook=session.notebook,
            autolog=settings.flag("autolog") and not args.no_autolog,
            log_models=settings.flag("log_models") and not args.no_models,
            source=settings.flag("source") and not args.no_source,
        )
    if sandbox:
        workspace.why = "the sandbox on this machine"
    session.stop_tracking()
    session.enter(sandbox)
    try:
        tracking.start()
    except BaseException:
        session.stop_tracking()
        raise
    session.track(tracking, why)
    workspace.experiments = (experiment,)
    session.adopt(workspace)
    return status_of(
        tracking, why_store=workspace.why, why_experiment=why, ended=ended, sandbox=sandbox.text if sandbox else ""
    )


def _check_sandbox_alone(args: argparse.Namespace) -> None:
    taken = [
        word
        for word, value in (
            (args.uri, args.uri),
            ("--resource-group", args.resource_group),
            ("--subscription", args.subscription),
            ("--tenant", args.tenant),
        )
        if value
    ]
    if taken:
        raise UsageError(
            f"--sandbox has a cloud of its own: {taken[0]} does not go with it", hint="%aml_track --sandbox"
        )


def _run_cell(session: Session, args: argparse.Namespace, cell: str) -> Any:
    __tracebackhide__ = True
    from ..services.track import run_cell

    tracking = session.tracking
    assert tracking is not None  # _start ran
    body, last = _compiled(session, cell)
    scope = session.shell.user_global_ns, session.shell.user_ns
    with run_cell(
        tracking,
        session.shell.user_ns,
        experiment=args.experiment,
        run_name=args.run_name,
        tags=dict(args.tag),
        params=args.params,
        metrics=args.metrics,
    ) as result:
        exec(body, *scope)
        value = eval(last, *scope) if last else None
    if value is not None:
        session.shell.displayhook(value)
    return result[0]


def _compiled(session: Session, cell: str) -> tuple[CodeType, CodeType | None]:
    """The cell's statements, and its last expression for its value, as IPython's %%time takes them apart.

    Raises:
        UsageError: it is not Python; no run is started then.
    """
    shell = session.shell
    source = shell.transform_cell(cell)
    name = shell.compile.cache(source, shell.execution_count)
    try:
        tree = shell.transform_ast(shell.compile.ast_parse(source, filename=name))
        last = None
        if tree.body and isinstance(tree.body[-1], ast.Expr) and not source.rstrip().endswith(";"):
            last = compile(ast.Expression(tree.body.pop().value), name, "eval")
        return compile(tree, name, "exec"), last
    except SyntaxError as exc:
        where = f"line {exc.lineno}: {(exc.text or '').strip()}"
        raise UsageError(f"%%aml_track cannot run the cell: {exc.msg}, {where}") from None
