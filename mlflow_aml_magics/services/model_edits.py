"""Changes of a version: stage, aliases, description, tags, comments, archiving; and of a model as a whole."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from ..errors import AmlMagicsError, UsageError
from ..render.format import listed
from .model_card import ModelCard, show_model
from .model_history import is_history, recorded
from .model_names import check_alias, check_tags, stage_named
from .model_tags import COPIED_FROM, DIGEST, FIXED, TYPE

if TYPE_CHECKING:
    from ..client.connection import Connection
    from ..client.models import ModelVersion

__all__ = [
    "archive",
    "comment",
    "describe",
    "remove_alias",
    "restore",
    "set_alias",
    "set_stage",
    "set_tag",
]

OURS = (COPIED_FROM, DIGEST, FIXED, TYPE)
SHARED = ("Staging", "Production")  # stages of which people expect one version
DESCRIPTION = 5000  # characters, on Azure ML (resource-limits-capacity.md); other stores say so themselves
WHOLE = re.compile(r"[^:@/]+")  # a name without a version: the model as a whole


def set_stage(conn: Connection, ref: str, stage: str, *, text: str = "", archive_others: bool = False) -> ModelCard:
    """Move a version to a stage and keep who did it, when and why.

    Args:
        ref: as in `show_model`.
        stage: None, Staging, Production or Archived, in any case of letters.
        text: the comment.
        archive_others: archive the other versions that are in Staging or Production, if that is the stage; else they
            stay, and the card's ``others`` names them.
    """
    from ..client.models import resolve
    from ..client.models import set_stage as move

    wanted = stage_named(stage)
    version = resolve(conn, ref)
    before = version.stage or "None"
    if before == wanted:
        said = f"{version.label} was in {wanted} already"
        _keep_comment(conn, version, text)
    else:
        with recorded(conn, version, ("stage", before, wanted), text):
            move(conn, version, wanted)
        said = f"{version.label}: {before} → {wanted}"
    others = _others_in(conn, version, wanted) if wanted in SHARED else []
    if others and archive_others:
        for other in others:
            archive(conn, other.label, text=f"version {version.version} is in {wanted} now")
        said += f", archived version {listed((v.version for v in others), 8)}"
        others = []
    numbers = tuple(v.version for v in others)
    warnings = (_also(wanted, numbers),) if others else ()
    return show_model(conn, version.uri, message=said, warnings=warnings, others=numbers)


def _others_in(conn: Connection, version: ModelVersion, stage: str) -> list[ModelVersion]:
    from ..client.models import list_versions

    return [v for v in list_versions(conn, version.name) if v.stage == stage and v.version != version.version]


def _also(stage: str, versions: Sequence[str]) -> str:
    verb = "is" if len(versions) == 1 else "are"
    return f"version {listed(versions, 8)} {verb} in {stage} too: --archive-others archives what is there besides"


def set_alias(conn: Connection, ref: str, alias: str, *, text: str = "") -> ModelCard:
    """Give an alias to a version, taking it from the one that had it, and keep who did it, when and why."""
    from ..client.models import alias_holder, resolve
    from ..client.models import set_alias as give

    check_alias(alias)
    version = resolve(conn, ref)
    holder = alias_holder(conn, version.name, alias)
    if holder == version.version:
        return _stays(conn, version, f"{version.label} had the alias {alias} already", text)
    with recorded(conn, version, ("alias", holder or "", alias), text):
        give(conn, version, alias)
    moved = f", until now of version {holder}" if holder else ""
    return show_model(conn, version.uri, message=f"{version.label}: alias {alias}{moved}")


def remove_alias(conn: Connection, ref: str, alias: str, *, text: str = "") -> ModelCard:
    """Take an alias from a version, and keep who did it, when and why.

    Raises:
        UsageError: the alias is not this version's.
    """
    from ..client.models import remove_alias as take
    from ..client.models import resolve

    version = resolve(conn, ref)
    with recorded(conn, version, ("alias", alias, ""), text):
        take(conn, version, alias)
    return show_model(conn, version.uri, message=f"{version.label}: alias {alias} removed")


def comment(conn: Connection, ref: str, text: str) -> ModelCard:
    """Keep a comment on a version."""
    from ..client.models import resolve

    if not text.strip():
        raise UsageError("the comment is empty", hint='--comment "why"')
    return _stays(conn, resolve(conn, ref), "the comment is kept", text)


def archive(conn: Connection, ref: str, *, text: str = "") -> ModelCard:
    """Move a version to Archived; on Azure ML it leaves the studio's list as well. Aliases and files stay."""
    return _aside(conn, ref, "Archived", text)


def restore(conn: Connection, ref: str, *, text: str = "") -> ModelCard:
    """Take a version out of the archive, into no stage."""
    return _aside(conn, ref, "None", text)


def _aside(conn: Connection, ref: str, stage: str, text: str) -> ModelCard:
    from ..client.models import put_aside, resolve
    from ..client.models import set_stage as move

    version = resolve(conn, ref)
    before, archived = version.stage or "None", stage == "Archived"
    if not archived and before != "Archived":
        # Its stage may have been changed since; what the studio put aside comes back all the same.
        put_aside(conn, version, archived=False)
        return _stays(conn, version, f"{version.label} is not archived: it is in {before}", text)
    if before == stage:
        put_aside(conn, version, archived=archived)
        return _stays(conn, version, f"{version.label} was archived already", text)
    with recorded(conn, version, ("stage", before, stage), text):
        move(conn, version, stage)
        try:
            put_aside(conn, version, archived=archived)
        except BaseException:
            with suppress(AmlMagicsError):  # a second failure must not hide the first
                move(conn, version, before)
            raise
    done = f"{version.label} {'is archived' if archived else 'is back'}"
    return show_model(conn, version.uri, message=done, warnings=_still(conn, version) if archived else ())


def _still(conn: Connection, version: ModelVersion) -> tuple[str, ...]:
    """Warn of the aliases of a version that is archived: whoever asks for them gets it still."""
    from ..client.models import list_versions

    if not version.aliases:
        return ()
    others = (v.label for v in list_versions(conn, version.name) if v.version != version.version)
    kept = next((label for label in others), None)
    alias = version.aliases[0]
    step = f"{kept} --alias {alias} moves it" if kept else f"{version.label} --remove-alias {alias} takes it away"
    return (f"it is still {listed(version.aliases, 8)}: %aml_models {step}",)


def describe(conn: Connection, ref: str, text: str) -> str:
    """Set the description of a version, or with a name alone that of the model; "" takes it away.

    Returns:
        What was done.
    """
    from ..client.models import describe_model, resolve, update

    if conn.azure is not None and len(text) > DESCRIPTION:
        raise UsageError(f"the description has {len(text):,} characters, Azure ML takes {DESCRIPTION:,}")
    if WHOLE.fullmatch(ref):
        describe_model(conn, ref, text)
        return f"the description of {ref} is {'kept' if text else 'removed'}"
    version = resolve(conn, ref)
    update(conn, version, tags={}, description=text)
    return f"the description of {version.label} is {'kept' if text else 'removed'}"


def set_tag(conn: Connection, ref: str, key: str, value: str | None) -> str:
    """Set a tag of a version, or with a name alone one of the model; None removes it.

    Returns:
        What was done.

    Raises:
        UsageError: there is no such tag to remove, the store would refuse the key, or the tag is one of ours.
    """
    from ..client.models import remove_tag, resolve, set_model_tag, update

    if is_history(key):
        raise UsageError(f"'{key}' keeps the discussion of a version", hint="--comment writes into it")
    if key in OURS:
        raise UsageError(f"'{key}' is kept by what made the version", hint="another tag")
    if conn.azure is not None:
        check_tags({key: value or ""})
    if not key.strip():
        raise UsageError("a tag needs a name", hint="--tag KEY=VALUE")
    if WHOLE.fullmatch(ref):
        set_model_tag(conn, ref, key, value)
        label = ref
    else:
        version = resolve(conn, ref)
        label = version.label
        if value is not None:
            update(conn, version, tags={key: value})
        elif key in version.tags:
            remove_tag(conn, version, key)
        else:
            raise UsageError(f"{label} has no tag '{key}'", hint=f"%aml_models {label} shows them")
    return f"{label}: tag {key} removed" if value is None else f"{label}: tag {key} = {value}"


def _stays(conn: Connection, version: ModelVersion, message: str, text: str) -> ModelCard:
    """Nothing changes but for the comment."""
    _keep_comment(conn, version, text)
    return show_model(conn, version.uri, message=message)


def _keep_comment(conn: Connection, version: ModelVersion, text: str) -> None:
    if text.strip():
        with recorded(conn, version, ("comment", "", ""), text):
            pass
