"""Records -> FHIR resources as NDJSON, some records at a time: what one process of `hm-fhir map` does."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from hm_fhir.delivery.intake import map_record
from hm_fhir.errors import RecordRejected
from hm_fhir.mapping.engine import Mapper
from hm_fhir.sources.base import Record, Source

RECORDS_IN_A_CHUNK = 64


@dataclass(frozen=True, slots=True)
class RejectedRecord:
    """A record that could not be mapped.

    Attributes:
        place: where it stands in its source.
        code: the reason, for machines.
        message: the reason; holds no value of the record.
    """

    place: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class MappedChunk:
    """What some records that follow each other became.

    Attributes:
        records: how many they are.
        mapped: how many became resources.
        unmapped: how many no mapping takes.
        rejected: the others, in order.
        resources: how many resources there are.
        lines: the resources in order, one a line: PERSONAL DATA.
    """

    records: int
    mapped: int
    unmapped: int
    rejected: tuple[RejectedRecord, ...]
    resources: int
    lines: bytes = field(repr=False)


def map_chunk(records: Sequence[Record], source: Source, mapper: Mapper) -> MappedChunk:
    """Return what some records become."""
    mapped = unmapped = resources = 0
    rejected: list[RejectedRecord] = []
    lines: list[bytes] = []
    for record in records:
        result = map_record(record, source, mapper)
        if isinstance(result, RecordRejected):
            rejected.append(RejectedRecord(record.place, result.code, result.message))
        elif result is None:
            unmapped += 1
        else:
            mapped += 1
            resources += len(result.resources)
            lines += [resource.text() for resource in result.resources]
    text = b"\n".join(lines) + b"\n" if lines else b""
    return MappedChunk(len(records), mapped, unmapped, tuple(rejected), resources, text)


class Chunks:
    """The records of a source, some at a time; what came before a failure is not lost.

    Args:
        source: the source.

    Attributes:
        failure: why the source could not be read to its end; known after the last chunk.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self.failure: Exception | None = None

    def __iter__(self) -> Iterator[list[Record]]:
        records = self._records()
        while chunk := list(islice(records, RECORDS_IN_A_CHUNK)):
            yield chunk

    def _records(self) -> Iterator[Record]:
        try:
            yield from self._source.records()
        except Exception as failure:  # noqa: BLE001  (whoever reads the chunks raises it when they are done)
            self.failure = failure


def map_here(source: Source, mapper: Mapper) -> Generator[MappedChunk, None, None]:
    """Yield what the records of a source become, in this process.

    Raises:
        SettingsError: the source cannot be read to its end; what was read before has been yielded.
    """
    chunks = Chunks(source)
    for chunk in chunks:
        yield map_chunk(chunk, source, mapper)
    if chunks.failure is not None:
        raise chunks.failure
