"""Reads FHIR packages: a folder, a .tgz, or one JSON file with a resource or a Bundle.

Source: https://hl7.org/fhir/packages.html and https://confluence.hl7.org/display/FHIR/NPM+Package+Specification.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import tarfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

from hm_fhir.errors import SettingsError
from hm_fhir.fhir.json import from_json

Json = Mapping[str, Any]

MAXIMUM_BYTES: Final = 1 << 30
"""Largest package that is read, unpacked, in bytes."""

_GZIP: Final = b"\x1f\x8b"
_NOT_RESOURCES: Final = frozenset({"package.json", ".index.json", ".derived.index.json"})


@dataclass(frozen=True, slots=True)
class PackageFile:
    """One JSON file of a package.

    Args:
        name: its name inside of the package.
        content: its bytes.
    """

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Package:
    """The conformance resources of a package: those that have a canonical URL.

    Args:
        name: of the package; of the file when it says none.
        version: of the package, if it says one.
        path: where it was read from.
        sha256: of its content: the names and bytes of its files, whatever the order or the packing.
        files: its files as they are.
    """

    name: str
    version: str | None
    path: Path
    sha256: str
    files: tuple[PackageFile, ...]

    def content(self, number: int) -> Any:
        """Return the JSON of a file.

        Args:
            number: position in `files`.

        Raises:
            SettingsError: ``package``: it is not JSON.
        """
        file = self.files[number]
        try:
            return from_json(file.content)
        except ValueError:
            place = str(self.path) if file.name == self.path.name else f"{self.path}: {file.name}"
            raise _wrong("it is not JSON", place, "correct or remove the file") from None

    def resources(self) -> Iterator[Json]:
        """Yield each resource that has a URL.

        Raises:
            SettingsError: ``package``: a file is not JSON.
        """
        for number in range(len(self.files)):
            yield from resources_of(self.content(number))

    def resource(self, kind: str, url: str) -> Json | None:
        """Return a resource by type and canonical URL, with or without ``|version``; None: not in it."""
        plain, _, version = url.partition("|")
        for one in self.resources():
            if one["resourceType"] == kind and one["url"] == plain and version in ("", one.get("version")):
                return one
        return None


def read_package(path: Path) -> Package:
    """Return a package. Its JSON is not looked at before its resources are asked for.

    In a folder or archive the files directly in ``package/`` count, or those of the folder itself when it has no
    ``package/``; what is in ``example/`` and other folders below is no definition.

    Args:
        path: a folder, a .tgz, or a JSON file with a resource or a Bundle.

    Raises:
        SettingsError: ``package``: there is nothing of that name, it cannot be read, or holds no JSON.
    """
    try:
        if path.is_dir():
            files = _in_folder(path)
        else:
            content = path.read_bytes()
            files = _in_archive(content) if content[:2] == _GZIP else [PackageFile(path.name, content)]
    except (OSError, EOFError, tarfile.TarError, zlib.error, ValueError) as error:
        raise _unreadable(path, error) from None
    if not files:
        raise _wrong(
            "it holds no JSON files", str(path), "name the folder that has package.json, or the .tgz of the package"
        )
    manifest = next((one for one in files if one.name == "package.json"), None)
    name, version = _named(manifest, path)
    ordered = tuple(sorted((one for one in files if one.name not in _NOT_RESOURCES), key=lambda one: one.name))
    return Package(name, version, path, _hash(name, version, ordered), ordered)


def state_of(path: Path) -> str:
    """Return a text that changes when the files of a package change; no file is read.

    Args:
        path: see `read_package`.

    Raises:
        SettingsError: ``package``: there is nothing of that name, or it cannot be read.
    """
    try:
        if path.is_dir():
            with os.scandir(_folder_of(path)) as entries:
                found = [(one.name, one.stat()) for one in entries if one.name.endswith(".json")]
        else:
            found = [(path.name, path.stat())]
    except OSError as error:
        raise _unreadable(path, error) from None
    # The time of the last change of its entry tells of a file that was given the time of another.
    lines = [f"{n}\t{s.st_size}\t{s.st_mtime_ns}\t{s.st_ctime_ns}\t{s.st_ino}\t{s.st_dev}" for n, s in sorted(found)]
    return "\n".join([str(path.absolute()), *lines])


def resources_of(content: Any) -> Iterator[Json]:
    """Yield the resources with a canonical URL in a JSON text: itself, or those of a Bundle."""
    if not isinstance(content, Mapping):
        return
    if content.get("resourceType") == "Bundle":
        entries = content.get("entry")
        for entry in entries if isinstance(entries, list) else ():
            if isinstance(entry, Mapping):
                yield from resources_of(entry.get("resource"))
    elif isinstance(content.get("resourceType"), str) and isinstance(content.get("url"), str):
        yield content


def _in_folder(path: Path) -> list[PackageFile]:
    files = sorted(_folder_of(path).glob("*.json"))
    return [PackageFile(one.name, one.read_bytes()) for one in files if one.is_file()]


def _folder_of(path: Path) -> Path:
    inner = path / "package"
    return inner if inner.is_dir() else path


def _in_archive(content: bytes) -> list[PackageFile]:
    # Unpacked as a whole first: tarfile would not notice that the end is missing.
    with gzip.open(io.BytesIO(content)) as packed:
        unpacked = packed.read(MAXIMUM_BYTES + 1)
    if len(unpacked) > MAXIMUM_BYTES:
        raise ValueError(f"more than {MAXIMUM_BYTES} bytes")
    found = []
    with tarfile.open(fileobj=io.BytesIO(unpacked), mode="r:") as archive:
        for member in archive:
            place = PurePosixPath(member.name)
            stream = archive.extractfile(member) if member.isfile() else None
            if stream is not None and place.suffix == ".json" and place.parent.name == "package":
                found.append(PackageFile(place.name, stream.read()))
    return found


def _named(manifest: PackageFile | None, path: Path) -> tuple[str, str | None]:
    said: Any = None
    if manifest is not None:
        try:
            said = from_json(manifest.content)
        except ValueError:
            raise _wrong("package.json is not JSON", str(path), "correct the file") from None
    if not isinstance(said, Mapping):
        said = {}
    version = said.get("version")
    return str(said.get("name") or path.name), version if isinstance(version, str) else None


def _hash(name: str, version: str | None, files: Sequence[PackageFile]) -> str:
    digest = hashlib.sha256(f"{name}\n{version}\n".encode())
    for file in files:
        digest.update(f"{file.name}\n{len(file.content)}\n".encode())
        digest.update(file.content)
    return digest.hexdigest()


def _unreadable(path: Path, error: Exception) -> SettingsError:
    what = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
    return _wrong(f"it cannot be read: {what}", str(path), "name a folder, a .tgz or a JSON file")


def _wrong(message: str, place: str, fix: str) -> SettingsError:
    return SettingsError(message, code="package", fix=fix, place=place)
