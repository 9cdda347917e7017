"""A program that exports its documents as one JSON text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hm_fhir.fhir.json import to_json
from hm_fhir.testing.local_systems.kept_rows import FileSystem


class JsonSystem(FileSystem):
    """A JSON file; ``native`` of a document is the document, a JSON object.

    Args:
        folder: where the file is written.
        name: of the file.
        items: path of the list of documents, such as ``data.visits``; empty: the file is the list.
    """

    def __init__(self, folder: Path, *, name: str = "export.json", items: str = "") -> None:
        super().__init__(folder, name)
        self._items = items

    @property
    def options(self) -> dict[str, Any]:
        """Settings of a source that reads it, without ``kind``."""
        return {**super().options, **({"items": self._items} if self._items else {})}

    def flush(self) -> None:
        """Write the file."""
        content: Any = list(self._documents.values())
        for step in reversed(self._items.split(".") if self._items else ()):
            content = {step: content}
        self.path.write_bytes(to_json(content) + b"\n")


LOCAL_SYSTEM = JsonSystem
