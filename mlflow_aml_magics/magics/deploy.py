"""``%aml_deploy``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from .endpoints import deleted
from .parsing import VerbParser, pair, unquote
from .progress import progress_line
from .text import Text
from .variables import named

if TYPE_CHECKING:
    from .session import Session

__all__ = ["parser", "run"]


def parser() -> VerbParser:
    """The words of `%aml_deploy`."""
    verb = VerbParser(
        "deploy",
        "Serve a model: on this machine, or on an endpoint of the workspace. Typed again after an interruption, it "
        "goes on where that left it. Without a model: the panel to deploy and to try.",
        examples=(
            "%aml_deploy wine@champion",
            "%aml_deploy wine:3 --name wine-test --port 5002 --isolated",
            "%aml_deploy wine:3 --to docker --image wine:3",
            "%aml_deploy wine:3 --to online --deployment green --instance-type Standard_DS3_v2",
            "%aml_deploy --name wine --traffic blue=90,green=10",
            "%aml_deploy wine:3 --to batch --compute cpu-cluster --dry-run",
            "%aml_deploy --delete wine/blue",
        ),
    )
    verb.add_argument("model", nargs="?", help="wine@champion, wine:3, wine, runs:/…, a run, or a folder")
    verb.add_argument("--to", default="local", metavar="TARGET", help="local, docker, online, kubernetes or batch")
    verb.add_argument("--name", help="of the deployment or endpoint, also ENDPOINT/DEPLOYMENT; else the model's")
    verb.add_argument("--deployment", metavar="NAME", help="under the endpoint: blue, green")
    verb.add_argument("--port", type=int, metavar="N", help="on the loopback address; else a free one")
    verb.add_argument("--isolated", action="store_true", help="local: in an environment of the model's requirements")
    verb.add_argument("--image", metavar="NAME", help="docker: the image's name")
    verb.add_argument("--instance-type", metavar="SIZE", help="online: the machine's size, Standard_DS3_v2")
    verb.add_argument("--count", type=int, metavar="N", help="online: how many machines")
    verb.add_argument("--auth", metavar="MODE", help="online: key or aml_token")
    verb.add_argument("--traffic", type=shares, metavar="A=90,B=10", help="percent by deployment of the endpoint")
    verb.add_argument("--rollback", action="store_true", help="give --name the traffic that it had before")
    verb.add_argument("--compute", metavar="NAME", help="batch, kubernetes: the cluster")
    verb.add_argument("--mini-batch-size", type=int, metavar="N", help="batch: files a mini batch")
    verb.add_argument("--tag", type=pair, action="append", metavar="K=V", help="of the endpoint; may be repeated")
    verb.add_argument("--force", action="store_true", help="although the check beforehand says that it will fail")
    verb.add_argument("--dry-run", action="store_true", help="what would be done, as Python, az CLI and YAML")
    verb.add_argument("--timeout", type=float, metavar="S", help="seconds until it must answer")
    verb.add_argument("--logs", metavar="NAME", help="the last lines of a deployment's log")
    verb.add_argument("--delete", metavar="NAME", help="end a deployment, or an endpoint with all that is under it")
    verb.add_argument("--stop-all", action="store_true", help="end every deployment of this machine")
    return verb


def run(session: Session, args: argparse.Namespace) -> Any:
    """Serve, or manage what is served."""
    shares_only = args.name and not args.model and (args.traffic is not None or args.rollback)
    asked = [bool(args.model), bool(args.logs), bool(args.delete), args.stop_all, bool(shares_only)]
    if sum(asked) > 1:
        raise UsageError("name one model, or one of --logs, --delete, --stop-all", hint="%aml_deploy --help")
    if args.model and args.rollback:
        raise UsageError("--rollback deploys nothing", hint="%aml_deploy --name ENDPOINT --rollback")
    if args.model:
        return _deploy(session, args)
    if args.dry_run:
        raise UsageError("--dry-run is of a deployment: nothing was done", hint="%aml_deploy MODEL --dry-run")
    if args.rollback and args.traffic is not None:
        raise UsageError("--rollback and --traffic exclude each other", hint="%aml_deploy --name ENDPOINT --rollback")
    serving = session.serving()
    progress = progress_line(session.shell)
    if args.logs:
        return Text(serving.logs(args.logs))
    if args.delete:
        return deleted(args.delete, serving.delete(args.delete, progress=progress))
    if args.stop_all:
        return Text(f"stopped: {', '.join(serving.stop_all()) or 'nothing, as nothing was running'}")
    if shares_only and args.rollback:
        return serving.roll_back(args.name, progress=progress)
    if shares_only:
        return serving.set_traffic(args.name, args.traffic, progress=progress)
    if args.traffic is not None or args.rollback:
        raise UsageError("the traffic of which endpoint?", hint="--name ENDPOINT")
    return serving.endpoints_panel(args.name, model=None if args.name else "")


def _deploy(session: Session, args: argparse.Namespace) -> Any:
    workspace, model = session.workspace(), named(session, args.model)
    names = (
        "deployment",
        "port",
        "isolated",
        "image",
        "instance_type",
        "auth",
        "traffic",
        "compute",
        "mini_batch_size",
    )
    options: dict[str, Any] = {name: getattr(args, name) for name in (*names, "force", "timeout")}
    options |= {"instance_count": args.count, "tags": dict(args.tag or ())}
    if args.dry_run:
        return workspace.plan(model, to=args.to, name=args.name, **options)
    return workspace.deploy(model, to=args.to, name=args.name, progress=progress_line(session.shell), **options)


def shares(word: str) -> dict[str, int]:
    """``blue=90,green=10`` as percent by name."""
    found = {}
    for part in unquote(word).split(","):
        name, equals, percent = part.strip().partition("=")
        if not equals or not name or not percent.strip(" %").isdigit():
            raise argparse.ArgumentTypeError(f"'{part}' is not NAME=PERCENT, as in blue=90,green=10")
        found[name.strip()] = int(percent.strip(" %"))
    return found
