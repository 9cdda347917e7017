"""Two versions of a pack, each with the packs around it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hm_fhir.errors import MappingError, SettingsError, did_you_mean
from hm_fhir.mapping.files.pack_files import PACK_FILE
from hm_fhir.mapping.files.problems import Problems
from hm_fhir.mapping.files.spec import PackSpec, read_spec
from hm_fhir.mapping.files.yaml_file import read_yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def read_head(folder: Path) -> PackSpec:
    """Return what ``pack.yaml`` of a folder says.

    Raises:
        MappingErrors: it cannot be read, or is wrong.
    """
    problems = Problems()
    spec = None
    try:
        document = read_yaml(folder / PACK_FILE)
        spec = read_spec(PackSpec, document, problems.at(document))
    except MappingError as error:
        problems.add(error)
    problems.raise_all()
    assert spec is not None  # noqa: S101 - for the type checker; else there is a problem
    return spec


def folders_to_compare(before: str, after: str, in_force: Iterable[Path]) -> tuple[list[Path], list[Path]]:
    """Return the folders of all packs that are in force before a change, and after it.

    The other packs in force stay. A pack that is compared takes the place of the one in force with its name, and what
    it extends comes with it.

    Args:
        before: folder of a pack, or name of one in force.
        after: the same.
        in_force: folders of the packs in force.

    Raises:
        SettingsError: there is no such pack.
    """
    by_name = {read_head(folder).pack: folder for folder in in_force}
    old, new = _folder(before, by_name), _folder(after, by_name)
    compared = {read_head(folder).pack for folder in (old, new)}
    others = {name: folder for name, folder in by_name.items() if name not in compared}
    known = {**by_name, read_head(new).pack: new, read_head(old).pack: old}
    return _with_extended(old, others, known), _with_extended(new, others, known)


def _with_extended(folder: Path, others: Mapping[str, Path], known: Mapping[str, Path]) -> list[Path]:
    packs = {**others, read_head(folder).pack: folder}
    wanted = list(packs)
    while wanted:
        for name in read_head(packs[wanted.pop()]).extends:
            if name in known and name not in packs:
                packs[name] = known[name]
                wanted.append(name)
    return list(packs.values())


def _folder(name: str, by_name: Mapping[str, Path]) -> Path:
    folder = Path(name)
    if (folder / PACK_FILE).is_file():
        return folder
    if name not in by_name:
        message = f"{name!r} is neither a folder with {PACK_FILE} nor a pack in force"
        raise SettingsError(message, fix=did_you_mean(name, by_name))
    return by_name[name]
