"""A FHIR package as one file: what `npm` and every FHIR server take (https://hl7.org/fhir/packages.html)."""

from __future__ import annotations

import gzip
import io
import tarfile
from pathlib import Path

_READABLE = 0o644
_WANTED = ("*.json", ".index.json", "example/*.json", "example/.index.json")


def package_archive(folder: Path) -> bytes:
    """Return the package of a folder as gzipped tar: the same files always give the same bytes.

    Args:
        folder: holds ``package.json``, ``.index.json``, resources, and examples in ``example/``.
    """
    names = sorted({path.relative_to(folder).as_posix() for pattern in _WANTED for path in folder.glob(pattern)})
    packed = io.BytesIO()
    with (
        gzip.GzipFile(filename="", mode="wb", fileobj=packed, mtime=0) as stream,
        tarfile.open(fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT) as archive,
    ):
        # Readers look for the manifest first.
        for name in sorted(names, key=lambda one: (one != "package.json", one)):
            content = (folder / name).read_bytes()
            entry = tarfile.TarInfo(f"package/{name}")
            entry.size, entry.mode = len(content), _READABLE
            archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()
