"""A program that exports its documents as NDJSON, one a line."""

from __future__ import annotations

from pathlib import Path

from hm_fhir.fhir.json import to_json
from hm_fhir.testing.local_systems.kept_rows import FileSystem


class NdjsonSystem(FileSystem):
    """An NDJSON file; ``native`` of a document is the document, a JSON object.

    Args:
        folder: where the file is written.
        name: of the file.
    """

    def __init__(self, folder: Path, *, name: str = "export.ndjson") -> None:
        super().__init__(folder, name)

    def flush(self) -> None:
        """Write the file."""
        self.path.write_bytes(b"".join(to_json(native) + b"\n" for native in self._documents.values()))


LOCAL_SYSTEM = NdjsonSystem
