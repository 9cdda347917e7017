"""All that resources are checked against: FHIR R4, the project's own package, and the packages that are named.

What is made of packages is kept in a file named after their content, so that the next start only has to read it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from hm_fhir.fhir.definitions import TypeModel, r4
from hm_fhir.fhir.elements import TypeDefinition, ValueSetCodes
from hm_fhir.fhir.json import from_json
from hm_fhir.fhir.packages import read_package
from hm_fhir.fhir.stored_types import decoded
from hm_fhir.fhir.terminology import Terminology, r4_terminology
from hm_fhir.validation.prepared import Prepared, prepared

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Definitions:
    """Types, profiles and codes.

    Args:
        types: R4's and those of the packages; profiles are found by URL.
        terminology: R4's and the packages' code systems and value sets.
        profiles: URLs of the profiles and extension definitions of the packages.
        broken: URL of a profile that cannot be used -> why; `types` does not have it.
        fingerprint: SHA-256 of the packages' content and this library's version, in hexadecimal.
        contents: what `resource` looks into.
    """

    types: TypeModel
    terminology: Terminology
    profiles: frozenset[str]
    broken: Mapping[str, str]
    fingerprint: str
    contents: _Contents

    def resource(self, kind: str, url: str) -> Json | None:
        """Return a resource of the packages, or None; those of FHIR itself are only in `types` and `terminology`.

        Args:
            kind: resource type, such as ``ValueSet``.
            url: canonical URL, with or without ``|version``.
        """
        return self.contents.one(kind, url)

    def profile_type(self, url: str) -> str | None:
        """Return the name of the FHIR type that a profile constrains; None when it is not at hand."""
        one = self.types.type(url)
        while one is not None and one.name == one.url and one.base is not None:
            one = self.types.type(one.base)
        return None if one is None else one.name


def own_package() -> Path:
    """Return the folder of the project's own package."""
    return Path(str(files("hm_fhir") / "_data" / "profiles" / "package"))


def cache_folder() -> Path:
    """Return where a user's programs keep what they can make again: https://specifications.freedesktop.org/basedir."""
    given = os.environ.get("XDG_CACHE_HOME", "")
    base = Path(given) if given.startswith("/") else Path.home() / ".cache"
    return base / "hm-fhir"


def load_definitions(packages: Sequence[Path] = (), *, cache: Path | None = None, own: bool = True) -> Definitions:
    """Return the definitions of FHIR R4, of the project's own package, and of these packages.

    Args:
        packages: folders, .tgz files, or JSON files with a resource or a Bundle; of two definitions with one URL the
            later one counts.
        cache: folder in which what is made of the packages is kept; it is made when it is missing. None: nothing is
            kept. A folder that cannot be written, or a broken file in it, costs time and nothing else.
        own: whether the project's own package is in.

    Raises:
        SettingsError: ``package``: a package cannot be read.
    """
    paths = (*((own_package(),) if own else ()), *packages)
    made = prepared(paths, cache)
    contents = _Contents(paths, made)
    terminology = Terminology(contents, below=r4_terminology())
    return Definitions(
        types=_PackageTypes(made, terminology),
        terminology=terminology,
        profiles=frozenset(made.profiles),
        broken=made.broken,
        fingerprint=made.fingerprint,
        contents=contents,
    )


class _PackageTypes(TypeModel):
    """The types of packages, decoded when they are asked for, on top of R4's."""

    def __init__(self, made: Prepared, terminology: Terminology) -> None:
        super().__init__({}, below=r4())
        self._texts = made.types
        self._urls = frozenset(made.profiles)
        self._terminology = terminology

    def _own(self, name: str) -> TypeDefinition | None:
        text = self._texts.get(name)
        return None if text is None else decoded(name, text)

    def _own_value_set(self, url: str) -> ValueSetCodes | None:
        return self._terminology.codes(url)

    def _own_profiles(self) -> frozenset[str]:
        return self._urls


class _Contents:
    """The resources of packages, decoded when they are asked for; a `Store` of terminology.

    Args:
        paths: of the packages.
        made: what was made of them.
    """

    def __init__(self, paths: Sequence[Path], made: Prepared) -> None:
        self._paths = paths
        self._made = made

    def one(self, kind: str, url: str) -> Json | None:
        if kind == "StructureDefinition":
            found = (read_package(one).resource(kind, url) for one in reversed(self._paths))
            return next((one for one in found if one is not None), None)
        plain, _, version = url.partition("|")
        return next((one for one in self._all(kind, plain) if version in ("", one.get("version"))), None)

    def value_sets(self, url: str) -> Sequence[Json]:
        """See `Store`."""
        return self._all("ValueSet", url)

    def code_systems(self, url: str) -> Sequence[Json]:
        """See `Store`."""
        return self._all("CodeSystem", url)

    def system_of(self, value_set_url: str) -> str | None:
        """See `Store`."""
        return self._made.whole_systems.get(value_set_url)

    def _all(self, kind: str, url: str) -> Sequence[Json]:
        return [from_json(text) for text in self._made.resources.get(kind, {}).get(url, ())]
