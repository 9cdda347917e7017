"""A municipality whose local system is a dictionary, read through its fields file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Self
from zoneinfo import ZoneInfo

import pytest
from pydantic import BaseModel

from hm_fhir.activities.identity import Identity
from hm_fhir.builtin import hm_fhir_mappings, hm_fhir_profiles
from hm_fhir.config import Identifiers
from hm_fhir.mapping.conceptmap import read_code_systems
from hm_fhir.mapping.engine import Mapper
from hm_fhir.mapping.loader import load_packs
from hm_fhir.sources.base import Item, Record, Source, SourceContext
from hm_fhir.sources.directory import Directory
from hm_fhir.sources.fields.loading import load_fields
from hm_fhir.sources.fields.source import FieldsSource
from hm_fhir.sources.spec import SourceSpec
from hm_fhir.testing.samples import Sample
from hm_fhir.testing.story.municipality import Municipality, load_municipality

ZONE = ZoneInfo("Europe/Sofia")
FOLDER = Path(__file__).parent


class DocumentReader:
    """Gives the documents of a dictionary."""

    incremental = False

    def __init__(self, documents: Mapping[str, Mapping[str, Any]]) -> None:
        self.documents = documents

    def count(self) -> int:
        return len(self.documents)

    def records(self, since: str | None = None) -> Iterator[Item]:
        for number, (key, native) in enumerate(self.documents.items(), 1):
            yield Record(f"document {number}", native.get("cells", native), document=key)


def source_over(files: Path, documents: Mapping[str, Mapping[str, Any]], system: str) -> Source:
    """Return the source of a municipality over documents."""
    fields = load_fields(files / "fields.yaml")
    context = SourceContext(system, files, ZONE)
    return FieldsSource(DocumentReader(documents), fields, Directory(files / "directory.yaml"), context)


def first_documents(municipality: Municipality) -> dict[str, Mapping[str, Any]]:
    """Return what the local system holds after the first phase."""
    found = {}
    for key, held in municipality.documents(municipality.story().first).items():
        plain = [one.for_mapping() for one in held]
        found[key] = municipality.native.write(plain[0], plain)
    return found


@pytest.fixture(scope="session", params=["register", "documents"])
def files(request: pytest.FixtureRequest) -> Path:
    return FOLDER / request.param


@pytest.fixture(scope="session")
def municipality(files: Path) -> Municipality:
    return load_municipality(files, system=files.name)


class DocumentsOptions(BaseModel):
    """No settings."""


class DictionarySystem:
    """A local system whose documents are a dictionary."""

    def __init__(self) -> None:
        self.documents: dict[str, Mapping[str, Any]] = {}
        self.flushed = 0

    @property
    def options(self) -> dict[str, Any]:
        return {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def save(self, envelope: Mapping[str, Any]) -> None:
        assert datetime.fromisoformat(envelope["changed"]).tzinfo is not None
        self.documents[envelope["key"]] = envelope["native"]

    def delete(self, key: str, changed: str) -> None:
        assert changed
        del self.documents[key]

    def flush(self) -> None:
        self.flushed += 1


@pytest.fixture
def sample(files: Path, municipality: Municipality) -> Sample:
    """The sample of a municipality over a dictionary."""
    local = DictionarySystem()

    def opened(_: DocumentsOptions, context: SourceContext) -> Source:
        return source_over(files, local.documents, context.system)

    spec = SourceSpec(files.name, DocumentsOptions, opened, "documents", files=files)
    return Sample(spec, municipality, municipality.story(), local)


@pytest.fixture(scope="session")
def mapper() -> Mapper:
    (profiles,) = hm_fhir_profiles()
    packs = load_packs([spec.folder for spec in hm_fhir_mappings()])
    identity = Identity(bytes(32), key_id="test", system="urn:test")
    return Mapper(packs, identity, read_code_systems(profiles.folder), Identifiers().by_kind())


@pytest.fixture(scope="session", name="source_over")
def source_over_fixture() -> Callable[..., Source]:
    """What makes a source over documents."""
    return source_over


@pytest.fixture(scope="session", name="first_documents")
def first_documents_fixture() -> Callable[[Municipality], dict[str, Mapping[str, Any]]]:
    """What makes the documents of the first phase."""
    return first_documents
