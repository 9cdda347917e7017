"""Work spread over several processes: the same results in the same order, sooner.

The parent hands out tasks in turn and takes the results in that order. Each child has at most `TASKS_IN_FLIGHT`
tasks, so that memory does not grow with their number. The processes are started anew (spawn), not forked: a fork of a
process with threads or open connections is not safe.

A child ends when its pipe closes, so that none is left behind however the parent ends.
"""

from __future__ import annotations

import os
import pickle
import signal
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from itertools import cycle
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from queue import SimpleQueue
from threading import Thread
from typing import Any, NoReturn, TypeVar

from hm_fhir.errors import HmFhirError, place_of

TASKS_IN_FLIGHT = 2
"""Of each child: one that it works on, and one that waits so that the child never does."""
_END_SECONDS = 5

Task = TypeVar("Task")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class _Defect:
    """What went wrong in a child, without a value of a record."""

    says: str


def work_in_processes(
    tasks: Iterable[Task], opened: Callable[[], Callable[[Task], Result]], workers: int
) -> Generator[Result, None, None]:
    """Yield the result of each task, in the order of the tasks.

    Args:
        tasks: what is to be done; can be pickled. They are read here.
        opened: makes in each child what does a task; a function of a module, with arguments that can be pickled.
        workers: how many children, at least 1.

    Raises:
        HmFhirError: a child died, has a defect, or raised it.
    """
    children: list[_Child] = []
    try:
        for _ in range(workers):
            children.append(_Child(opened))  # one by one: those that run are ended when the next one fails
        waiting: list[_Child] = []
        turn = cycle(children)
        for task in tasks:
            if len(waiting) == workers * TASKS_IN_FLIGHT:
                yield waiting.pop(0).receive()
            child = next(turn)
            child.send(task)
            waiting.append(child)
        for child in waiting:
            yield child.receive()
    finally:
        for child in children:
            child.end()


class _Child:
    """One worker process, seen from the parent.

    Args:
        opened: see `work_in_processes`.
    """

    def __init__(self, opened: Callable[[], Callable[[Any], Any]]) -> None:
        context = get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process: BaseProcess = context.Process(target=_work, args=(theirs, opened), daemon=True)
        try:
            self._process.start()
        finally:
            theirs.close()

    def send(self, task: object) -> None:
        """Hand out a task; returns at once, since the child reads it while it works on another."""
        try:
            self._pipe.send_bytes(pickle.dumps(task, pickle.HIGHEST_PROTOCOL))
        except OSError:
            self._died()

    def receive(self) -> Any:
        """Return the result of the oldest task that was handed out."""
        try:
            result = pickle.loads(self._pipe.recv_bytes())  # noqa: S301  (our own child wrote it)
        except (EOFError, OSError):
            self._died()
        if isinstance(result, HmFhirError):
            raise result
        if isinstance(result, _Defect):
            raise HmFhirError(
                f"a worker process failed: {result.says}",
                code="worker-defect",
                fix="report this; with --workers 1 it is easier to see what is wrong",
            )
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


def _work(pipe: Connection, opened: Callable[[], Callable[[Any], Any]]) -> None:
    """Do the tasks that come through the pipe until it closes; what runs in a child."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes of a terminal; the parent ends us
    tasks: SimpleQueue[bytes] = SimpleQueue()
    # The parent must never wait for us to read while we wait for it to read.
    Thread(target=_read, args=(pipe, tasks), daemon=True).start()
    try:
        do = opened()
        while True:
            result = do(pickle.loads(tasks.get()))  # noqa: S301  (our own parent wrote it)
            pipe.send_bytes(pickle.dumps(result, pickle.HIGHEST_PROTOCOL))
    except (BrokenPipeError, ConnectionResetError):
        pass  # the parent is gone
    except HmFhirError as error:
        pipe.send_bytes(pickle.dumps(error))
    except BaseException as defect:  # noqa: BLE001  (said by the parent; its text could hold anything)
        pipe.send_bytes(pickle.dumps(_Defect(f"{type(defect).__name__} at {place_of(defect)}")))


def _read(pipe: Connection, tasks: SimpleQueue[bytes]) -> None:
    while True:
        try:
            tasks.put(pipe.recv_bytes())
        except (EOFError, OSError):
            os._exit(0)  # the parent has closed the pipe, or is gone: nobody wants what is being done
