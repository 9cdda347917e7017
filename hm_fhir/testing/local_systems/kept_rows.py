"""What local systems that are files have in common: documents are kept, and the file is written as a whole."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self


class FileSystem(ABC):
    """A local system that is a file.

    A document that is saved again keeps its place; a deleted one is gone from the file. Nothing is written before
    `flush`, and the same documents give the same bytes.

    Args:
        folder: where the file stands.
        name: of the file.

    Attributes:
        path: of the file.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self.path = (folder / name).resolve()
        self._documents: dict[str, Any] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    @property
    def options(self) -> dict[str, Any]:
        """Settings of a source that reads it, without ``kind``."""
        return {"path": str(self.path)}

    def save(self, document: Mapping[str, Any]) -> None:
        """Save a document.

        Args:
            document: ``{"key": …, "native": …}``; ``changed`` may be there, a file does not keep it.
        """
        self._documents[str(document["key"])] = document["native"]

    def delete(self, key: str, changed: str | None = None) -> None:  # noqa: ARG002  (a file does not keep it)
        """Delete a document.

        Raises:
            KeyError: there is none.
        """
        del self._documents[key]

    @abstractmethod
    def flush(self) -> None:
        """Write the file."""


def headings_of(rows: list[Mapping[str, Any]], first: tuple[str, ...] = ()) -> list[str]:
    """Return all headings of rows, in the order in which they first appear.

    Args:
        rows: heading -> value.
        first: headings that come before all others, also when no row has them.
    """
    return list(dict.fromkeys([*first, *(heading for row in rows for heading in row)]))
