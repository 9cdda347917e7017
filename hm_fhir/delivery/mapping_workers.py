"""`hm-fhir map` in several processes: the same bytes in the same order, sooner.

The parent reads records and hands them out; the children turn them into activities, map them, and send back bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import partial

from hm_fhir.delivery.mapping_chunks import Chunks, MapChunk, MappedChunk
from hm_fhir.processes import work_in_processes
from hm_fhir.sources.base import Record, Source

_Rows = list[tuple[object, ...]]


def map_in_workers(
    source: Source, opened: Callable[[], MapChunk], workers: int
) -> Generator[MappedChunk, None, None]:
    """Yield what the records of a source become, in their order.

    Args:
        source: is read here.
        opened: makes in each child what maps a chunk; a function of a module, with arguments that can be pickled.
        workers: how many children, at least 1.

    Raises:
        SettingsError: the source cannot be read to its end; what was read before has been yielded.
        HmFhirError: a child died, or has a defect.
    """
    chunks = Chunks(source)
    rows = (_rows(chunk) for chunk in chunks)
    yield from work_in_processes(rows, partial(_opened, opened), workers)
    if chunks.failure is not None:
        raise chunks.failure


def _rows(chunk: list[Record]) -> _Rows:
    return [(record.place, dict(record.values), record.error) for record in chunk]


def _opened(opened: Callable[[], MapChunk]) -> Callable[[_Rows], MappedChunk]:
    """Return what maps the rows of a chunk; runs in a child."""
    map_chunk = opened()
    return lambda rows: map_chunk([Record(*row) for row in rows])  # type: ignore[arg-type]  # as `_rows` made them
