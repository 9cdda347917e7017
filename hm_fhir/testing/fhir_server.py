"""A FHIR R4 server on 127.0.0.1 that keeps everything in memory and fails on request.

It behaves like HAPI FHIR where a client must be careful; a contract suite runs the same tests against it, against
HAPI FHIR and against a third server. It is for tests: synthetic data only.

    with FhirServer() as server:
        server.faults.add(Fault(status=503, headers={"Retry-After": "2"}))
        ...
        assert server.resources["Patient/p1"]["active"] is True
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Event, Lock, Thread
from types import MappingProxyType
from urllib.parse import urlsplit

from hm_fhir.errors import SettingsError
from hm_fhir.fhir.json import to_json
from hm_fhir.testing.capabilities import capability_statement
from hm_fhir.testing.exchange import FHIR_JSON, Answer, Failure, Request, Resource, copy
from hm_fhir.testing.faults import HTML, Fault, FaultPlan
from hm_fhir.testing.http import HttpServer, Reply
from hm_fhir.testing.interactions import Interactions, Options
from hm_fhir.testing.store import Store
from hm_fhir.testing.transactions import Transactions

BASE = "/fhir"


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """A request that arrived, without its body.

    Attributes:
        number: 1 for the first.
        method: HTTP method.
        path: below the base URL; empty for a Bundle.
        query: of the URL, as it was sent.
        entries: entries of a Bundle, else 0.
        status: of the answer; None if the connection was dropped instead.
        fault: what went wrong on request.
    """

    number: int
    method: str
    path: str
    query: str
    entries: int
    status: int | None
    fault: Fault | None


class FhirServer:
    """Serves between `start` and `stop`, or inside a `with` statement; keeps resources and port over a restart.

    Args:
        now: returns the time, with its time zone; for meta.lastUpdated.
        client_ids: whether a PUT may create a resource; else 404, as HAPI FHIR can be set up.
        referential_integrity: whether a reference to something absent is refused with 400.
        max_entries: most entries of a Bundle; more is answered with 413.
        max_bytes: most bytes of a body; more is answered with 413.
        page_entries: resources on a page of a search when the client does not say.
        max_page_entries: most resources on a page; a larger `_count` is cut silently.
        token: bearer token that every request but that of the CapabilityStatement must bring; else 401.

    Attributes:
        faults: what goes wrong.
    """

    def __init__(
        self,
        *,
        now: Callable[[], datetime] | None = None,
        client_ids: bool = True,
        referential_integrity: bool = True,
        max_entries: int | None = None,
        max_bytes: int | None = None,
        page_entries: int = 50,
        max_page_entries: int = 200,
        token: str | None = None,
    ) -> None:
        self.faults = FaultPlan()
        self._store = Store(now or (lambda: datetime.now(UTC)))
        options = Options(client_ids, referential_integrity, page_entries, max_page_entries)
        self._interactions = Interactions(self._store, options, lambda: self.url)
        self._transactions = Transactions(self._interactions, max_entries)
        self._max_bytes = max_bytes
        self._token = token
        self._lock = Lock()
        self._arrived = 0
        self._records: list[RequestRecord] = []
        self._port = 0
        self._stopping = Event()
        self._http: HttpServer | None = None
        self._thread: Thread | None = None

    def __enter__(self) -> FhirServer:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def start(self) -> None:
        """Begin to listen, on the port of before if there was one."""
        if self._http is None:
            self._stopping.clear()
            self._http = HttpServer(self._port, self._reply)
            self._port = self._http.server_port
            self._thread = Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End all connections and stop listening: from now on a client is refused the connection."""
        if self._http is not None and self._thread is not None:
            self._stopping.set()
            self._http.end()
            self._thread.join()
            self._http = self._thread = None

    @property
    def url(self) -> str:
        """The base URL.

        Raises:
            SettingsError: the server was never started.
        """
        if not self._port:
            raise SettingsError(
                "the test server has no address yet", code="not-started", fix="use `with FhirServer()`"
            )
        return f"http://127.0.0.1:{self._port}{BASE}"

    @property
    def resources(self) -> Mapping[str, Resource]:
        """A copy of every live resource by ``Type/id``."""
        return MappingProxyType({key: copy(resource) for key, resource in self._store.everything().items()})

    def versions(self, key: str) -> tuple[Resource | None, ...]:
        """Return a copy of every version of ``Type/id``, oldest first; None for a deletion."""
        return tuple(version.resource and copy(version.resource) for version in self._store.history(key))

    @property
    def requests(self) -> tuple[RequestRecord, ...]:
        """Every request so far that was worked on, in the order of arrival."""
        with self._lock:
            return tuple(sorted(self._records, key=lambda record: record.number))

    def put(self, resource: Resource) -> str:
        """Write a resource without a request, as somebody else would; return its version.

        Args:
            resource: with its id.

        Raises:
            Failure: the server would refuse it.
        """
        key = f"{resource['resourceType']}/{resource['id']}"
        with self._store.transaction():
            written = self._interactions.put(key, copy(resource), method="PUT")
            self._interactions.settle([written])
        return str(written.version.number) if written.version else ""

    def _reply(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Answer a request, or do what a fault says instead."""
        with self._lock:
            self._arrived += 1
            number = self._arrived
        url = urlsplit(target)
        inside = url.path == BASE or url.path.startswith(f"{BASE}/")
        request = Request.read(method, url.path.removeprefix(BASE), url.query, headers, body)
        fault = self.faults.take(request)
        if not inside:
            answer: Answer | None = Failure(404, f"this server lives at {BASE}", code="not-found").answer()
        else:
            answer = self._answer(request, len(body), fault)
        with self._lock:
            status = answer.status if answer else None
            entries = len(request.entries)
            self._records.append(RequestRecord(number, method, request.path, url.query, entries, status, fault))
        if fault is not None and fault.delay_seconds:
            self._stopping.wait(fault.delay_seconds)
        return _reply(answer, fault)

    def _answer(self, request: Request, size: int, fault: Fault | None) -> Answer | None:
        """Return the answer, or None if the connection is to be dropped."""
        if fault is None:
            return self._work(request, size)
        if fault.refuse is not None:
            if fault.inside or request.is_batch:
                return self._work(request, size, fault)
            return fault.refusal(request)
        instead = fault.status is not None or fault.garbage == "html"
        answer = self._work(request, size) if fault.processed or not (instead or fault.drop == "before") else None
        if fault.drop:
            return None
        return fault.answer() if fault.status else answer or Answer(200)

    def _work(self, request: Request, size: int, fault: Fault | None = None) -> Answer:
        try:
            if request.path == "metadata" and request.method in ("GET", "HEAD"):
                return Answer(200, capability_statement(self.url, client_ids=self._interactions.options.client_ids))
            if self._token is not None and request.headers.get("authorization") != f"Bearer {self._token}":
                raise Failure(
                    401, "the bearer token is missing or wrong", code="login", headers={"WWW-Authenticate": "Bearer"}
                )
            if self._max_bytes is not None and size > self._max_bytes:
                raise Failure(413, f"a body may have {self._max_bytes} bytes here", code="too-long")
            if request.failure:
                raise request.failure
            return self._dispatch(request, fault)
        except Failure as failure:
            return failure.answer()

    def _dispatch(self, request: Request, fault: Fault | None) -> Answer:
        if request.method in ("GET", "HEAD"):
            return self._interactions.read(request.path, request.query)
        if request.method == "POST" and request.path == "":
            inside = fault.refusals(request) if fault else {}
            return self._transactions.process(request.resource or {}, request.headers.get("prefer", ""), inside)
        if request.method == "POST" and request.path.endswith("/_search"):
            return self._interactions.search(request.path.removesuffix("/_search"), request.query)
        return self._interactions.write(request)


def _reply(answer: Answer | None, fault: Fault | None) -> Reply:
    if answer is None:
        return Reply(drop=True)
    body = to_json(answer.resource) if answer.resource is not None else b""
    content_type = f"{FHIR_JSON};charset=UTF-8"
    garbage = fault.garbage if fault else None
    if garbage == "html":
        body, content_type = HTML, "text/html;charset=UTF-8"
    headers = {**answer.headers, "Content-Type": content_type} if body else dict(answer.headers)
    if garbage == "truncated":
        body = body[: len(body) // 2]
    return Reply(answer.status, headers, body, cut=garbage == "cut")
