"""Finds the plugin: the installed one by its entry point, or the one of a folder as if it were installed."""

from __future__ import annotations

import configparser
import importlib
import sys
import tomllib
from dataclasses import dataclass
from importlib.metadata import Distribution, EntryPoint, entry_points
from pathlib import Path
from typing import Any

from hm_fhir.hookspecs import PROJECT
from hm_fhir.records import MappingPackSpec, SourceSpec
from hm_fhir.testing.contract.failing import expect, fail

_README = "README.md"


@dataclass(frozen=True, slots=True)
class FoundPlugin:
    """A plugin that was found and loaded.

    Args:
        name: of the entry point.
        sources: the kinds of sources that it brings.
        packs: the mapping packs that it brings.
        readme: what its README says; empty when there is none.
    """

    name: str
    sources: tuple[SourceSpec, ...]
    packs: tuple[MappingPackSpec, ...]
    readme: str


class FolderOnPath:
    """Makes the distribution of a folder importable and found, without installing it.

    Args:
        folder: with setup.cfg or pyproject.toml.
        scratch: a folder for the metadata that an installation would write.
    """

    def __init__(self, folder: Path, scratch: Path) -> None:
        name, points = _entry_points(folder)
        expect(
            points,
            f"{folder} names no entry point in the group {PROJECT!r}",
            "write [options.entry_points] hm_fhir = NAME = PACKAGE.plugin into setup.cfg",
        )
        metadata = scratch / f"{name.replace('-', '_')}-0.dist-info"
        metadata.mkdir(parents=True)
        readme = folder / _README
        text = readme.read_text(encoding="utf-8") if readme.is_file() else ""
        (metadata / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name}\nVersion: 0\n\n{text}", encoding="utf-8"
        )
        lines = [f"{point} = {value}" for point, value in points.items()]
        (metadata / "entry_points.txt").write_text("\n".join([f"[{PROJECT}]", *lines, ""]), encoding="utf-8")
        self._paths = [str(folder.resolve()), str(scratch)]
        self._packages = {value.partition(":")[0].partition(".")[0] for value in points.values()}
        sys.path[:0] = self._paths
        self._forget_modules()

    def close(self) -> None:
        """Undo it."""
        for path in self._paths:
            if path in sys.path:
                sys.path.remove(path)
        self._forget_modules()

    def _forget_modules(self) -> None:
        for name in [name for name in sys.modules if name.partition(".")[0] in self._packages]:
            del sys.modules[name]
        importlib.invalidate_caches()


def _entry_points(folder: Path) -> tuple[str, dict[str, str]]:
    """Return name and entry points of a distribution that is not installed."""
    setup, project = folder / "setup.cfg", folder / "pyproject.toml"
    if project.is_file():
        told = tomllib.loads(project.read_text(encoding="utf-8")).get("project", {})
        points = told.get("entry-points", {}).get(PROJECT)
        if points:
            return str(told["name"]), dict(points)
    parser = configparser.ConfigParser()
    parser.read(setup, encoding="utf-8")
    lines = parser.get("options.entry_points", PROJECT, fallback="").strip().splitlines()
    pairs = (line.partition("=") for line in lines)
    points = {name.strip(): value.strip() for name, sign, value in pairs if sign}
    return parser.get("metadata", "name", fallback=folder.name), points


def find_plugin(name: str) -> FoundPlugin:
    """Return the plugin with the entry point of this name, loaded.

    A plugin that is not there, or that does not load, fails the test.
    """
    points = [point for point in entry_points(group=PROJECT) if point.name == name]
    if not points:
        known = ", ".join(sorted({point.name for point in entry_points(group=PROJECT)})) or "none"
        fail(
            f"no plugin {name!r} is installed (there is: {known})",
            f"pip install -e . in its folder, or look at [options.entry_points] hm_fhir = {name} = … in setup.cfg",
        )
    where = {f"{point.value} of {point.dist.name if point.dist else '?'}" for point in points}
    expect(len(where) == 1, f"several distributions bring a plugin {name!r}: {sorted(where)}", "uninstall one")
    try:
        module = points[0].load()
    except (Exception, SystemExit) as defect:  # noqa: BLE001  (told with its type, which is what the author needs)
        fail(f"{points[0].value} cannot be imported: {type(defect).__name__}: {defect}", "correct the module")
    return FoundPlugin(name, _yielded(module, "sources"), _yielded(module, "mappings"), _readme(points[0]))


def _yielded(module: Any, what: str) -> tuple[Any, ...]:
    hook = getattr(module, f"hm_fhir_{what}", None)
    return () if hook is None else tuple(hook())


def _readme(point: EntryPoint) -> str:
    """Return the README beside the package, as it is now; else the one that was installed."""
    file = getattr(sys.modules.get(point.module), "__file__", None)
    if file is not None:
        beside = Path(file).parents[1] / _README
        is_ours = any((beside.parent / name).is_file() for name in ("setup.cfg", "pyproject.toml"))
        if is_ours and beside.is_file():
            return beside.read_text(encoding="utf-8")
    return _description(point.dist)


def _description(distribution: Distribution | None) -> str:
    text = None if distribution is None else distribution.read_text("METADATA")
    if not text:
        return ""
    head, _, body = text.partition("\n\n")
    return body or head
