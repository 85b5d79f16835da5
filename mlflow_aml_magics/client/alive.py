"""Who a process is, written so that another process can tell later whether it still lives."""

from __future__ import annotations

import socket

import psutil

__all__ = ["is_alive", "process_tag"]

CLOCK_SECONDS = 30  # when the clock is set, a process seems to have started at another time


def process_tag() -> str:
    """This process: host, process id, its start in seconds since 1970."""
    process = psutil.Process()
    return f"{socket.gethostname()}:{process.pid}:{int(process.create_time())}"


def is_alive(tag: str) -> bool:
    """Whether the process of a `process_tag` runs; True for another machine's, which cannot be known from here."""
    host, _, rest = tag.partition(":")
    pid, _, started = rest.partition(":")
    if host != socket.gethostname() or not pid.isdigit() or not started.isdigit():
        return True
    try:
        process = psutil.Process(int(pid))
        same = abs(process.create_time() - int(started)) <= CLOCK_SECONDS
        return same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True
