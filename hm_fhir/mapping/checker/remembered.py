"""Packs that were checked before and had no mistake: the next start need not check them again.

A file without content stands for one state of packs, of the profiles and code systems that they are checked against,
and of the code that checks. Nothing is kept of packs with mistakes.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_PREFIX: Final = "checked-"
_KEPT_FILES: Final = 64
_CODE: Final = ("activities", "fhir", "fhirpath", "mapping")
"""Folders of the code and data that decide what is found."""


class Remembered:
    """What was checked before.

    Args:
        folder: where it is kept; it is made when it is missing. One that cannot be written is as good as None.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def key(self, states: Iterable[str]) -> str:
        """Return what stands for a state, and for the code as it is.

        Args:
            states: digests of all that is checked, and of what it is checked against.
        """
        return hashlib.sha256("\n".join((_code(), *states)).encode()).hexdigest()

    def has(self, key: str) -> bool:
        """Return whether a state was checked before."""
        try:
            return not hasattr(os, "getuid") or self._file(key).stat().st_uid == os.getuid()
        except OSError:
            return False

    def add(self, key: str) -> None:
        """Note that a state has no mistake."""
        with contextlib.suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file(key).touch(mode=0o600)
            kept = sorted(self._folder.glob(f"{_PREFIX}*"), key=lambda one: one.stat().st_mtime, reverse=True)
            for old in kept[_KEPT_FILES:]:
                old.unlink(missing_ok=True)

    def _file(self, key: str) -> Path:
        return self._folder / f"{_PREFIX}{key}"


@cache
def _code() -> str:
    """Return a text that changes when the code does."""
    lines = []
    root = Path(str(files("hm_fhir")))
    for name in _CODE:
        for folder, inner, names in os.walk(root / name):
            inner[:] = sorted(one for one in inner if one != "__pycache__")
            for one in sorted(names):
                state = Path(folder, one).stat()
                lines.append(f"{folder}/{one}\t{state.st_size}\t{state.st_mtime_ns}")
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogateescape")).hexdigest()
