"""Finds and reads the files of packs: a folder that cannot be read is a mistake, a pipe or device is never opened."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from hm_fhir.errors import MappingError

if TYPE_CHECKING:
    from hm_fhir.mapping.files.problems import Problems


def read_regular_file(path: Path, name: str | None = None) -> bytes:
    """Return the content of a file.

    Args:
        path: of the file, or a link to one.
        name: what messages call it; default: the path.

    Raises:
        MappingError: it cannot be read, or is a folder, pipe, socket or device, which could wait or go on for ever.
    """
    name = name or str(path)
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise MappingError("this is no regular file", place=name, fix="remove it, or give it another ending")
        return path.read_bytes()
    except OSError as error:
        raise MappingError(f"the file cannot be read: {error.strerror}", place=name) from None


def files_in(folder: Path, ending: str, problems: Problems, *, below: bool = False) -> list[Path]:
    """Return what has a name with this ending in a folder, by name; nothing when there is no such folder.

    Args:
        folder: to look in.
        ending: such as ``.yaml``.
        problems: where folders that cannot be read are added.
        below: also in the folders inside of it; links to folders are not followed.
    """

    def failed(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError | NotADirectoryError):
            place = str(error.filename or folder)
            problems.add(
                MappingError(f"the folder cannot be read: {error.strerror}", place=place, fix="allow to read it")
            )

    found: list[Path] = []
    for inner, folders, files in os.walk(folder, onerror=failed):
        found += (Path(inner, name) for name in (*folders, *files) if name.endswith(ending))
        if not below:
            break
    return sorted(found)
