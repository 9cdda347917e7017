"""`hm-fhir map` in several processes: the same bytes in the same order, sooner.

The parent reads records and hands them out in turn; the children turn them into activities, map them, and send back
bytes. Each child has at most `CHUNKS_IN_FLIGHT` chunks, so that memory does not grow with the source. The processes
are started anew (spawn), not forked: a fork of a process with threads or open connections is not safe.

A child ends when its pipe closes, so that none is left behind however the parent ends.
"""

from __future__ import annotations

import os
import pickle
import signal
from collections.abc import Callable, Generator
from dataclasses import dataclass
from itertools import cycle
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from queue import SimpleQueue
from threading import Thread
from typing import NoReturn

from hm_fhir.delivery.mapping_chunks import Chunks, MappedChunk, map_chunk
from hm_fhir.errors import HmFhirError
from hm_fhir.mapping.engine import Mapper
from hm_fhir.sources.base import Record, Source, place_of

CHUNKS_IN_FLIGHT = 2
"""Of each child: one that is mapped, and one that waits so that the child never does."""
_END_SECONDS = 5

Opened = Callable[[], tuple[Source, Mapper]]
_Rows = list[tuple[object, ...]]


@dataclass(frozen=True, slots=True)
class _Defect:
    """What went wrong in a child, without a value of a record."""

    says: str


def map_in_workers(source: Source, opened: Opened, workers: int) -> Generator[MappedChunk, None, None]:
    """Yield what the records of a source become, in their order.

    Args:
        source: is read here.
        opened: makes source and mapper in each child; a function of a module, with arguments that can be pickled.
        workers: how many children, at least 1.

    Raises:
        SettingsError: the source cannot be read to its end; what was read before has been yielded.
        HmFhirError: a child died, or has a defect.
    """
    chunks = Chunks(source)
    children: list[_Child] = []
    try:
        for _ in range(workers):
            children.append(_Child(opened))  # one by one: those that run are ended when the next one fails
        waiting: list[_Child] = []
        turn = cycle(children)
        for chunk in chunks:
            if len(waiting) == workers * CHUNKS_IN_FLIGHT:
                yield waiting.pop(0).receive()
            child = next(turn)
            child.send(chunk)
            waiting.append(child)
        for child in waiting:
            yield child.receive()
    finally:
        for child in children:
            child.end()
    if chunks.failure is not None:
        raise chunks.failure


class _Child:
    """One worker process, seen from the parent.

    Args:
        opened: see `map_in_workers`.
    """

    def __init__(self, opened: Opened) -> None:
        context = get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process: BaseProcess = context.Process(target=_work, args=(theirs, opened), daemon=True)
        try:
            self._process.start()
        finally:
            theirs.close()

    def send(self, chunk: list[Record]) -> None:
        """Hand out some records; returns at once, since the child reads them while it maps others."""
        rows: _Rows = [(record.place, dict(record.values), record.error) for record in chunk]
        try:
            self._pipe.send_bytes(pickle.dumps(rows, pickle.HIGHEST_PROTOCOL))
        except OSError:
            self._died()

    def receive(self) -> MappedChunk:
        """Return what became of the oldest records that were handed out."""
        try:
            result = pickle.loads(self._pipe.recv_bytes())  # noqa: S301  (our own child wrote it)
        except (EOFError, OSError):
            self._died()
        if isinstance(result, _Defect):
            raise HmFhirError(
                f"a worker process failed: {result.says}",
                code="worker-defect",
                fix="report this; with --workers 1 it is easier to see what is wrong",
            )
        assert isinstance(result, MappedChunk)  # noqa: S101 - for the type checker
        return result

    def _died(self) -> NoReturn:
        self._process.join(_END_SECONDS)
        code = self._process.exitcode
        how = f"was ended by signal {-code}" if code is not None and code < 0 else f"ended with code {code}"
        raise HmFhirError(
            f"a worker process {how}",
            code="worker-died",
            fix="use fewer workers, or look for what ends processes, such as too little memory",
        ) from None

    def end(self) -> None:
        """End the process, whatever it is doing: what it does can be done again."""
        self._pipe.close()
        self._process.terminate()
        self._process.join(_END_SECONDS)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._process.close()


def _work(pipe: Connection, opened: Opened) -> None:
    """Map what comes through the pipe until it closes; what runs in a child."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes of a terminal; the parent ends us
    chunks: SimpleQueue[bytes] = SimpleQueue()
    # The parent must never wait for us to read while we wait for it to read.
    Thread(target=_read, args=(pipe, chunks), daemon=True).start()
    try:
        source, mapper = opened()
        while True:
            rows: _Rows = pickle.loads(chunks.get())  # noqa: S301  (our own parent wrote it)
            records = [Record(*row) for row in rows]  # type: ignore[arg-type]  # as `send` wrote them
            pipe.send_bytes(pickle.dumps(map_chunk(records, source, mapper), pickle.HIGHEST_PROTOCOL))
    except (BrokenPipeError, ConnectionResetError):
        pass  # the parent is gone
    except BaseException as defect:  # noqa: BLE001  (said by the parent; its text could hold anything)
        pipe.send_bytes(pickle.dumps(_Defect(f"{type(defect).__name__} at {place_of(defect)}")))


def _read(pipe: Connection, chunks: SimpleQueue[bytes]) -> None:
    while True:
        try:
            chunks.put(pipe.recv_bytes())
        except (EOFError, OSError):
            os._exit(0)  # the parent has closed the pipe, or is gone: nobody wants what is being mapped
