"""What is made of packages once: types out of profiles, and all that can be asked for by URL; kept in files.

``definitions-...`` is MessagePack, named after the content of the packages and the code that made it;
``packages-...``, named after the state of the files of packages (size, times, place), says which of them is theirs.
Each file has a checksum, is written as a whole, and is readable by its owner only. One that is not as it should be is
made again.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import msgspec

from hm_fhir.errors import SettingsError
from hm_fhir.fhir.definitions import TypeModel, r4
from hm_fhir.fhir.elements import TypeDefinition
from hm_fhir.fhir.json import to_json
from hm_fhir.fhir.packages import Package, read_package, state_of
from hm_fhir.fhir.stored_types import encoded
from hm_fhir.fhir.structure_definition import FHIR_URL
from hm_fhir.version import __version__

Json = Mapping[str, Any]

_FORMAT: Final = "3"
_KEPT_FILES: Final = 16
_CHECKSUM_BYTES: Final = 32


class Prepared(msgspec.Struct, frozen=True):
    """What is made of packages.

    Args:
        fingerprint: SHA-256 of the content of the packages and of this library's version, in hexadecimal.
        types: name of a type -> its JSON text, see `hm_fhir.fhir.stored_types`.
        profiles: URLs of the profiles and extension definitions among them.
        broken: URL of a profile that cannot be used -> why.
        resources: resource type -> canonical URL -> JSON texts, those of later packages first; without
            StructureDefinitions, which are large and already types.
        whole_systems: URL of a value set -> URL of the code system that names it as that of all its codes.
    """

    fingerprint: str
    types: dict[str, bytes]
    profiles: list[str]
    broken: dict[str, str]
    resources: dict[str, dict[str, list[bytes]]]
    whole_systems: dict[str, str]


def prepared(paths: Sequence[Path], cache: Path | None) -> Prepared:
    """Return what is made of packages, from the cache where it has it.

    As long as the files of a package have not been touched since, they are not even read.

    Args:
        paths: of the packages.
        cache: folder; None: none.

    Raises:
        SettingsError: ``package``: a package cannot be read, or has no definition at all.
    """
    if cache is None:
        return prepare(list(map(read_package, paths)))
    code = _code()
    state = _digest(code, *map(state_of, paths))
    pointer = cache / f"packages-{state}"
    key = _read(pointer)
    if key is not None:
        found = _read_prepared(cache / f"definitions-{key.decode('ascii', 'replace')}")
        if found is not None:
            return found
    packages = list(map(read_package, paths))
    key = _digest(code, fingerprint_of(packages)).encode()
    file = cache / f"definitions-{key.decode()}"
    found = _read_prepared(file)
    with contextlib.suppress(OSError):
        if found is None:
            found = prepare(packages)
            _write(file, msgspec.msgpack.encode(found))
        _write(pointer, key)
        _forget_old(cache)
    return found if found is not None else prepare(packages)


def prepare(packages: Sequence[Package]) -> Prepared:
    """Return what is made of packages.

    Raises:
        SettingsError: ``package``: a file of a package is not JSON, or it has no definition at all.
    """
    resources: dict[str, dict[str, list[bytes]]] = {}
    definitions: dict[str, Json] = {}
    whole_systems: dict[str, str] = {}
    for package in packages:
        count = 0
        for one in package.resources():
            count += 1
            kind, url = one["resourceType"], one["url"]
            if kind == "StructureDefinition":
                definitions[url] = one
                continue
            resources.setdefault(kind, {}).setdefault(url, []).insert(0, to_json(one))
            if kind == "CodeSystem" and isinstance(one.get("valueSet"), str):
                whole_systems[one["valueSet"].partition("|")[0]] = url
        if not count:
            raise SettingsError(
                "it has no definition: no resource with a url",
                code="package",
                fix="name a FHIR package, or a file with profiles, value sets or code systems",
                place=str(package.path),
            )
    types, broken = _Profiles(definitions).types()
    return Prepared(
        fingerprint=fingerprint_of(packages),
        types=types,
        profiles=sorted(url for url in definitions if url in types),
        broken=broken,
        resources=resources,
        whole_systems=whole_systems,
    )


def fingerprint_of(packages: Sequence[Package]) -> str:
    """Return the SHA-256 of the content of packages and of this library's version, in hexadecimal."""
    return hashlib.sha256("\n".join((__version__, *(one.sha256 for one in packages))).encode()).hexdigest()


class _Profiles:
    """Makes types of StructureDefinitions, each after the one that it stands on."""

    def __init__(self, definitions: Mapping[str, Json]) -> None:
        # Only who has no cache needs these.
        from hm_fhir.fhir.snapshots import snapshot
        from hm_fhir.fhir.structure_definition import read
        from hm_fhir.fhir.written_definitions import structure_definition

        self._definitions = {url: one for url, one in definitions.items() if not _is_r4(one)}
        self._found: dict[str, TypeDefinition] = {}
        self._model = TypeModel(self._found, below=r4())
        self._broken: dict[str, str] = {}
        self._snapshot: Callable[..., Json] = snapshot
        self._read = read
        self._written = structure_definition
        self._under_way: set[str] = set()

    def types(self) -> tuple[dict[str, bytes], dict[str, str]]:
        for url in sorted(self._definitions):
            self._add(url)
        texts = {
            name: encoded(one, self._model.type(one.base) if one.base is not None and one.base != name else None)
            for name, one in self._found.items()
        }
        return texts, self._broken

    def _add(self, url: str) -> None:
        one = self._definitions.get(url)
        if one is None or url in self._found or url in self._broken or url in self._under_way:
            return
        self._under_way.add(url)
        base = str(one.get("baseDefinition", "")).partition("|")[0]
        self._add(base)
        try:
            self._found.update(self._made(one, base))
        except SettingsError as error:
            self._broken[url] = error.message if error.fix is None else f"{error.message}; {error.fix}"
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            self._broken[url] = f"it is not a StructureDefinition as it should be ({type(error).__name__})"
        self._under_way.discard(url)

    def _made(self, one: Json, base: str) -> Mapping[str, TypeDefinition]:
        version = str(one.get("fhirVersion", "4.0.1"))
        if not version.startswith("4.0"):
            raise SettingsError(f"it is for FHIR version {version}", fix="take the package for FHIR R4")
        if one.get("derivation") != "constraint":
            raise SettingsError("it defines a type of its own", fix="only profiles of FHIR's types can be used")
        if base in self._broken:
            raise SettingsError(f"the profile it stands on cannot be used: {base}", fix="see there")
        if self._model.type(base) is None:
            raise SettingsError(f"the base {base} is not at hand", fix="name the package that has it as well")
        return self._read(self._snapshot(one, self._find), self._model.type)

    def _find(self, url: str) -> Json | None:
        plain = url.partition("|")[0]
        return self._definitions.get(plain) or self._written(r4(), plain)


def _is_r4(definition: Json) -> bool:
    """Return whether a StructureDefinition is one of FHIR R4 itself, which is at hand already."""
    url = str(definition["url"])
    return url.startswith(FHIR_URL) and r4().type(url) is not None and definition.get("version") == "4.0.1"


def _code() -> str:
    """Return a text that changes when the code and data change that caches are made with."""
    lines = [_FORMAT, __version__]
    for folder in ("fhir", "fhir/r4"):
        with os.scandir(str(files("hm_fhir").joinpath(folder))) as entries:
            for entry in sorted(entries, key=lambda one: one.name):
                if entry.name.endswith((".py", ".json")):
                    state = entry.stat()
                    lines.append(f"{entry.name}\t{state.st_size}\t{state.st_mtime_ns}")
    return "\n".join(lines)


def _digest(*texts: str) -> str:
    return hashlib.sha256("\n\n".join(texts).encode("utf-8", "surrogateescape")).hexdigest()[:32]


def _read_prepared(file: Path) -> Prepared | None:
    content = _read(file)
    try:
        return None if content is None else msgspec.msgpack.decode(content, type=Prepared)
    except msgspec.DecodeError:
        return None


def _read(file: Path) -> bytes | None:
    """Return what a file keeps; None when there is none, it is broken, or somebody else's."""
    try:
        with file.open("rb") as stream:
            if hasattr(os, "getuid") and os.fstat(stream.fileno()).st_uid != os.getuid():
                return None
            content = stream.read()
    except OSError:
        return None
    checksum, payload = content[:_CHECKSUM_BYTES], content[_CHECKSUM_BYTES:]
    return payload if checksum == hashlib.blake2b(payload, digest_size=_CHECKSUM_BYTES).digest() else None


def _write(file: Path, payload: bytes) -> None:
    """Write a file as a whole.

    Raises:
        OSError: it cannot be written.
    """
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # mkstemp makes a file that only its owner can read.
    number, name = tempfile.mkstemp(dir=file.parent, prefix=".new-")
    try:
        with os.fdopen(number, "wb") as stream:
            stream.write(hashlib.blake2b(payload, digest_size=_CHECKSUM_BYTES).digest() + payload)
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _forget_old(cache: Path) -> None:
    """Remove the oldest files, which belong to packages of earlier versions."""
    for pattern in ("definitions-*", "packages-*"):
        kept = sorted(cache.glob(pattern), key=lambda one: one.stat().st_mtime, reverse=True)
        for file in kept[_KEPT_FILES:]:
            file.unlink(missing_ok=True)
