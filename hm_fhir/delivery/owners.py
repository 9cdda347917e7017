"""Names of workers on their leases, and how a dead one is told from a busy one."""

from __future__ import annotations

import os
import secrets
import socket
from contextlib import suppress
from pathlib import Path


def new_owner() -> str:
    """Return a name that no other worker has: place, process and a random part."""
    return f"{_place()}:{os.getpid()}:{secrets.token_hex(4)}"


def is_dead(owner: str) -> bool:
    """Return whether the process of a worker has certainly ended; of another machine or container nobody knows."""
    place, _, rest = owner.partition(":")
    pid = rest.partition(":")[0]
    return place == _place() and pid.isdigit() and not _is_alive(int(pid))


def _place() -> str:
    """Return where process ids mean what they mean here: containers may share a host name, but not processes."""
    try:
        namespace = Path("/proc/self/ns/pid").readlink().name.strip("pid:[]")
    except OSError:  # only Linux has them
        return socket.gethostname()
    return f"{socket.gethostname()}/{namespace}"


def _is_alive(pid: int) -> bool:
    with suppress(PermissionError):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
    return True
