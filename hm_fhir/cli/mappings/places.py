"""How commands name files: as the user would from where they are, else by pack."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from hm_fhir.mapping.pack import Pack


class Places:
    """Shortens places of mapping files.

    Args:
        packs: the packs in force.
    """

    def __init__(self, packs: Iterable[Pack]) -> None:
        self._here = Path.cwd()
        self._packs = {pack.folder.resolve(): pack.name for pack in packs}

    def short(self, place: str) -> str:
        """Return a file name, or ``file:line:column``, from the current folder if it is below that, else by pack.

        A file of an installed pack is ``hm-fhir-base/parts/people.yaml:12:5``.
        """
        path = Path(place).resolve()
        if path.is_relative_to(self._here):
            return str(path.relative_to(self._here))
        for folder, name in self._packs.items():
            if path.is_relative_to(folder):
                return str(Path(name) / path.relative_to(folder))
        return place
