"""Records -> FHIR resources as NDJSON, some records at a time: what one process of `hm-fhir map` does."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from hm_fhir.errors import RecordRejected
from hm_fhir.mapping.engine import Mapper
from hm_fhir.sources.base import Record, Source, activity_of, records_of
from hm_fhir.validation.deployment.findings import Findings
from hm_fhir.validation.deployment.mapped_check import MappedCheck

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
        not_valid: how many of the mapped ones a run would withhold, because of findings that stop them.
        findings: what was found in the resources.
        lines: the resources in order, one a line: PERSONAL DATA.
    """

    records: int
    mapped: int
    unmapped: int
    rejected: tuple[RejectedRecord, ...]
    resources: int
    not_valid: int
    findings: Findings
    lines: bytes = field(repr=False)


MapChunk = Callable[[Sequence[Record]], MappedChunk]
"""Maps some records that follow each other."""


@dataclass(frozen=True, slots=True)
class ChunkMapper:
    """Maps records, and checks what they become.

    Args:
        source: where the records come from.
        mapper: the packs in force.
        check: checks what they become; None: nothing does.
    """

    source: Source
    mapper: Mapper
    check: MappedCheck | None

    def __call__(self, records: Sequence[Record]) -> MappedChunk:
        """Return what some records become."""
        mapped = unmapped = resources = not_valid = 0
        rejected: list[RejectedRecord] = []
        lines: list[bytes] = []
        findings = Findings()
        for record in records:
            try:
                activity = activity_of(self.source, record).for_mapping()
                result = self.mapper.map(activity)
            except RecordRejected as error:
                rejected.append(RejectedRecord(record.place, error.code, error.message))
                continue
            if result is None:
                unmapped += 1
                continue
            mapped += 1
            resources += len(result.resources)
            lines += [resource.text() for resource in result.resources]
            if self.check is not None:
                verdict = self.check(result, activity)
                not_valid += verdict.stops
                findings.add((issue for _, issue in verdict.found), record.place)
                findings.add_remarks(verdict.remarks)
        text = b"\n".join(lines) + b"\n" if lines else b""
        return MappedChunk(len(records), mapped, unmapped, tuple(rejected), resources, not_valid, findings, text)


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
            yield from (record for record in records_of(self._source) if not record.deleted)
        except Exception as failure:  # noqa: BLE001  (whoever reads the chunks raises it when they are done)
            self.failure = failure


def map_here(source: Source, map_chunk: MapChunk) -> Generator[MappedChunk, None, None]:
    """Yield what the records of a source become, in this process.

    Args:
        source: is read here.
        map_chunk: maps its records.

    Raises:
        SettingsError: the source cannot be read to its end; what was read before has been yielded.
    """
    chunks = Chunks(source)
    for chunk in chunks:
        yield map_chunk(chunk)
    if chunks.failure is not None:
        raise chunks.failure
