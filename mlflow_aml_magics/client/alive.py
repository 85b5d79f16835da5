"""Who a process is, written so that another process can tell later whether it still lives."""

from __future__ import annotations

import hashlib
import os
import socket
import uuid
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

import psutil

__all__ = ["find_process", "is_alive", "process_tag"]

CLOCK_SECONDS = 30  # when the clock is set, a process seems to have started at another time


def process_tag() -> str:
    """This process: machine, process id, its start in seconds since 1970."""
    process = psutil.Process()
    return f"{_machine()}:{process.pid}:{int(process.create_time())}"


def is_alive(tag: str) -> bool:
    """Whether the process of a `process_tag` runs; True for another machine's, which cannot be known from here."""
    host, _, rest = tag.partition(":")
    pid, _, started = rest.partition(":")
    if host != _machine() or not pid.isdigit() or not started.isdigit():
        return True
    try:
        return find_process(int(pid), int(started), seconds=CLOCK_SECONDS) is not None
    except psutil.AccessDenied:
        return True


def find_process(pid: int, created: float, *, seconds: float, mark: str = "") -> psutil.Process | None:
    """The process that has had that id since then, if it still runs: an id alone is used again.

    Args:
        created: its start in seconds since 1970.
        seconds: how far its start may seem to have moved.
        mark: a word that only its command line has, which proves it when the clock was set by more.

    Raises:
        psutil.AccessDenied: it is somebody else's.
    """
    try:
        process = psutil.Process(pid)
        is_same = abs(process.create_time() - created) <= seconds or bool(mark and mark in process.cmdline())
        return process if is_same and process.status() != psutil.STATUS_ZOMBIE else None
    except psutil.NoSuchProcess:
        return None


@lru_cache(maxsize=1)
def _machine() -> str:
    """The host's name and a mark of its own: laptops and containers of one name are many, and process ids repeat.

    A container's mark is its process namespace's: another container on the same kernel sees other processes.
    """
    marks = [str(uuid.getnode())]
    with suppress(OSError):
        marks.append(Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip())
    with suppress(OSError):
        marks.append(os.readlink("/proc/self/ns/pid"))
    return f"{socket.gethostname()}-{hashlib.sha256('|'.join(marks).encode()).hexdigest()[:8]}"
