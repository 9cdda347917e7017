"""What all local systems that answer over HTTP have in common: faults, what was asked, a clock of their own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from threading import Event, RLock, Thread
from typing import Any, Self
from urllib.parse import urlsplit

from hm_fhir.errors import SettingsError
from hm_fhir.fhir.json import to_json
from hm_fhir.testing.exchange import Request
from hm_fhir.testing.faults import HTML, Fault, FaultPlan
from hm_fhir.testing.http import HttpServer, Reply

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that a local system got.

    Attributes:
        method: HTTP method.
        path: below the address of the system, without slashes at its ends.
        query: its parameters; of a repeated one the last.
        headers: with lower-case names.
        status: what it was answered; 0: nothing.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str] = field(repr=False)
    status: int


@dataclass(frozen=True, slots=True)
class Said:
    """What a local system answers.

    Attributes:
        body: JSON-like; bytes as they are.
        status: HTTP status.
        headers: beside Content-Type and Date.
    """

    body: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class ServedSystem(ABC):
    """A local system on 127.0.0.1. A context manager: it listens inside.

    Its clock stands at the last change that it was told of, and its answers carry that time: what is read and when
    does not depend on the clock of the machine.

    Args:
        folder: where it writes the secrets that `options` refer to.

    Attributes:
        faults: what goes wrong; of `Fault`: status, headers, drop, garbage, delay_seconds, nth, times, method, path,
            when.
        requests: what was asked, in order.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.faults = FaultPlan()
        self.requests: list[Asked] = []
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        self._lock = RLock()
        self._ended = Event()
        self._server: HttpServer | None = None
        self._thread: Thread | None = None

    @property
    @abstractmethod
    def options(self) -> dict[str, Any]:
        """What a source needs in its settings, beside its kind."""

    @abstractmethod
    def answer(self, request: Request) -> Said:
        """Return the answer to a request."""

    @abstractmethod
    def error(self, status: int) -> Any:
        """Return the body of an error as the product writes it."""

    @property
    def url(self) -> str:
        """Its address.

        Raises:
            SettingsError: it does not listen.
        """
        if self._server is None:
            raise SettingsError("the local system does not listen", fix="use it in a `with` statement")
        return f"http://127.0.0.1:{self._server.server_port}"

    def flush(self) -> None:  # noqa: B027  (those that are files write here)
        """Do nothing: what is saved can be read at once."""

    def pass_time(self, changed: datetime) -> datetime:
        """Move the clock on to a change; it never goes back.

        Args:
            changed: aware time.

        Returns:
            It in UTC.
        """
        moment = changed.astimezone(UTC)
        self.now = max(self.now, moment)
        return moment

    def secret(self, name: str, value: str) -> str:
        """Write a secret into the folder and return the reference to it."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(value + "\n", encoding="utf-8")
        return f"file:{path.resolve()}"

    def __enter__(self) -> Self:
        """Begin to listen."""
        self._server = HttpServer(0, self._respond)
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop listening."""
        self._ended.set()
        if self._server is not None and self._thread is not None:
            self._server.end()
            self._thread.join()

    def _respond(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Reply:
        url = urlsplit(target)
        request = Request.read(method, url.path, url.query, headers, body)
        with self._lock:
            fault = self.faults.take(request)
            reply = self._reply(request, fault)
            status = 0 if reply.drop else reply.status
            self.requests.append(Asked(method, request.path, dict(request.query), headers, status))
        if fault is not None and fault.delay_seconds:
            self._ended.wait(fault.delay_seconds)
        return reply

    def _reply(self, request: Request, fault: Fault | None) -> Reply:
        if fault is None:
            return self._written(self.answer(request))
        if fault.drop is not None:
            return Reply(drop=True)
        if fault.garbage == "html":
            return Reply(fault.status or 200, {"Content-Type": "text/html; charset=utf-8", **fault.headers}, HTML)
        if fault.status is not None:
            return self._written(Said(self.error(fault.status), fault.status, fault.headers))
        reply = self._written(self.answer(request))
        if fault.garbage == "truncated":
            return Reply(reply.status, reply.headers, reply.body[: len(reply.body) // 2])
        return Reply(reply.status, reply.headers, reply.body, cut=fault.garbage == "cut")

    def _written(self, said: Said) -> Reply:
        headers = {"Content-Type": JSON, "Date": format_datetime(self.now, usegmt=True), **said.headers}
        return Reply(said.status, headers, said.body if isinstance(said.body, bytes) else to_json(said.body))
