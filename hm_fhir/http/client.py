"""Reading JSON from a server: bounded answers, quick retries, no credentials to another host, pages that end.

Sources: RFC 9110 (status codes, redirects, Retry-After), RFC 8288 (Link header).
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import requests
from requests.auth import AuthBase
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from hm_fhir.errors import OperatorNeeded, RetryLater, SettingsError
from hm_fhir.fhir.json import from_json, to_json
from hm_fhir.http.addresses import link_on_host, named
from hm_fhir.http.answers import Answer, AnswerTooLong, content_of, retry_after_seconds
from hm_fhir.http.auth import NoAuth, requests_auth
from hm_fhir.http.options import HttpOptions

Parameters = Mapping[str, str | int | list[str]]
"""Of a query; a list is repeated."""

_MOST_REDIRECTS = 5
_NOT_ALLOWED = {401, 402, 403, 407, 451, 511}
_NOT_THERE = {404, 410}
_NEVER = {501, 505}
_MOMENTARY = {408, 423, 425, 429}
_SHORT_CODE = re.compile(r"[A-Z]{1,3}\d{1,6}|\d{3}\.\d{1,3}|[a-z]+(_[a-z]+){1,5}")


@dataclass(frozen=True, slots=True)
class Page:
    """One answer of several.

    Args:
        content: the JSON; decimals are Decimal.
        headers: response headers, case-insensitive.
        number: 0 for the first.
        url: where it was read; may hold tokens, so no message shows it.
    """

    content: Any = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    number: int
    url: str = field(repr=False)


Following = Callable[[Page], "str | Parameters | None"]
"""Tells what comes after a page: an address (absolute, or below the base), parameters of the next one, or None."""


class _Momentary(Exception):
    """A request that may succeed in some seconds."""

    def __init__(self, what: str, after_seconds: float | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.after_seconds = after_seconds


class HttpReader:
    """Reads from one server. A context manager.

    Args:
        options: settings.
        folder: where relative paths of secrets start.
        login: gives the auth of a session, where a product needs one; asked before the first request, and once more
            when a request is answered with 401. It gets this reader, to ask with `post_json`. Without it, the
            settings say who we are.
        headers: more headers of every request.
        sleep: waits so many seconds.

    Raises:
        SettingsError: a secret is not where its reference says.
    """

    def __init__(
        self,
        options: HttpOptions,
        folder: Path,
        *,
        login: Callable[[HttpReader], AuthBase] | None = None,
        headers: Mapping[str, str] | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.base = options.url
        self._options = options
        self._login = login
        self._session = requests.Session()
        # No netrc file is read; proxies and certificates of the environment still count.
        self._session.auth = NoAuth() if login else requests_auth(options.auth, folder)
        self._session.headers.update({"Accept": "application/json", "User-Agent": "hm-fhir", **(headers or {})})
        self._logged_in = self._logging_in = False
        self._own_wait = wait_random_exponential(multiplier=0.5, max=8)
        self._retrying = Retrying(
            stop=stop_after_attempt(options.quick_attempts),
            wait=self._wait_seconds,
            retry=retry_if_exception(self._is_worth_waiting),
            sleep=sleep,
            reraise=True,
        )

    def get_json(self, path: str, params: Parameters | None = None, *, place: str | None = None) -> Any:
        """Return the JSON at a path.

        Args:
            path: below the base, or a link from an answer (then with its query).
            params: the query.
            place: what messages say instead of the address, when the path holds an id of a record.

        Raises:
            RetryLater: no usable answer after the quick attempts.
            OperatorNeeded: it refuses us, or is not the server that it should be.
            SettingsError: there is nothing at this path, or it does not understand the question.
        """
        return self._json("GET", path, params, None, place)[0]

    def post_json(self, path: str, body: Any, params: Parameters | None = None, *, place: str | None = None) -> Any:
        """Return the JSON that a question in a body is answered with; it may be sent several times.

        Raises:
            HmFhirError: as `get_json`.
        """
        return self._json("POST", path, params, to_json(body), place)[0]

    def pages(
        self, path: str, params: Parameters | None = None, *, following: Following, place: str | None = None
    ) -> Iterator[Page]:
        """Yield the answers that follow one another; the next one is asked when the one before is done with.

        Args:
            path: of the first page, or a link to it.
            params: the query of the first page.
            following: see `Following`; parameters that it gives go to the same path.
            place: as in `get_json`.

        Raises:
            OperatorNeeded: the pages go in a circle, or lead to another host.
            HmFhirError: as `get_json`.
        """
        seen: set[bytes] = set()
        link, number = path, 0
        while True:
            content, answer, url = self._json("GET", link, params, None, place)
            marks = {hashlib.sha256(url.encode()).digest(), hashlib.sha256(answer.content).digest()}
            page = Page(content, answer.headers, number, url)
            step = following(page)
            if number and marks & seen and step is not None:
                raise OperatorNeeded(
                    "the same page came twice: the server does not page as this source expects",
                    code="paging",
                    place=place or named(url),
                    fix="look at the paging settings of this source, and at a proxy before the server",
                )
            seen |= marks
            yield page
            if step is None:
                return
            link, params = (step, None) if isinstance(step, str) else (path, step)
            number += 1

    def close(self) -> None:
        """Give back connections."""
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _json(
        self, method: str, path: str, params: Parameters | None, body: bytes | None, place: str | None
    ) -> tuple[Any, Answer, str]:
        url = self._address(path, place)
        shown = place or named(url)
        try:
            content, answer, final = self._retrying.copy()(self._once, method, url, params, body, shown)
        except _Momentary as error:
            raise RetryLater(f"{shown} {error.what}", after_seconds=error.after_seconds) from None
        return content, answer, final

    def _once(
        self, method: str, url: str, params: Parameters | None, body: bytes | None, shown: str
    ) -> tuple[Any, Answer, str]:
        fresh = self._log_in()
        answer, final = self._call(method, url, params, body, shown)
        if answer.status_code == 401 and not fresh:
            self._logged_in = False
            self._log_in()
            answer, final = self._call(method, url, params, body, shown)
        return _json_of(answer, shown), answer, final

    def _log_in(self) -> bool:
        """Return whether a refusal is final: there is no session, or it has just begun."""
        if self._login is None or self._logging_in:
            return True
        if self._logged_in:
            return False
        self._session.auth, self._logging_in = NoAuth(), True
        try:
            self._session.auth = self._login(self)
        finally:
            self._logging_in = False
        self._logged_in = True
        return True

    def _call(
        self, method: str, url: str, params: Parameters | None, body: bytes | None, shown: str
    ) -> tuple[Answer, str]:
        """Return the answer and where it came from, redirects on the same host followed."""
        for _ in range(_MOST_REDIRECTS):
            answer, asked = self._request(method, url, params, body, shown)
            target = answer.headers.get("Location")
            if not 300 <= answer.status_code < 400 or not target:
                return answer, asked
            inside = link_on_host(target, asked)
            if inside is None or method != "GET":
                raise OperatorNeeded(
                    "it redirects to another address, where nothing is sent",
                    code="redirect",
                    place=shown,
                    fix="put the address that the server has now into the url of this source",
                )
            url, params = inside, None
        raise OperatorNeeded("it redirects in a circle", code="redirect", place=shown, fix="look at the url")

    def _request(
        self, method: str, url: str, params: Parameters | None, body: bytes | None, shown: str
    ) -> tuple[Answer, str]:
        timeout = (self._options.connect_timeout_seconds, self._options.timeout_seconds)
        deadline = time.monotonic() + sum(timeout)
        headers = {"Content-Type": "application/json"} if body is not None else None
        try:
            with self._session.request(
                method,
                url,
                params=params,
                data=body,
                headers=headers,
                timeout=timeout,
                allow_redirects=False,
                stream=True,
            ) as response:
                answer = Answer(response.status_code, response.headers, content_of(response, deadline))
                return answer, response.request.url or url
        except AnswerTooLong:
            raise SettingsError(
                "the answer is too long", code="too-long", place=shown, fix="make page_size of this source smaller"
            ) from None
        except requests.exceptions.SSLError:
            raise OperatorNeeded(
                "its certificate is not trusted here; nothing was asked",
                code="tls",
                place=shown,
                fix="add its authority to the trusted certificates of this machine (REQUESTS_CA_BUNDLE)",
            ) from None
        except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema, requests.exceptions.InvalidHeader):
            raise SettingsError(
                "this is no address", code="address", place=shown, fix="look at url and auth of this source"
            ) from None
        except requests.exceptions.Timeout:
            raise _Momentary("does not answer in time") from None
        except requests.exceptions.RequestException:
            raise _Momentary("does not answer (network)") from None

    def _address(self, path: str, place: str | None) -> str:
        if "://" not in path:
            return f"{self.base}/{path.lstrip('/')}"
        inside = link_on_host(path, self.base)
        if inside is None:
            raise OperatorNeeded(
                "a link in its answer leads to another host, where nothing is sent",
                code="link",
                place=place or named(self.base),
                fix="put the address that the server calls itself into the url of this source",
            )
        return inside

    def _wait_seconds(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.after_seconds if isinstance(error, _Momentary) else None
        return max(asked or 0.0, self._own_wait(state))

    def _is_worth_waiting(self, error: BaseException) -> bool:
        return isinstance(error, _Momentary) and (error.after_seconds or 0) <= self._options.retry_after_most_seconds


def _json_of(answer: Answer, shown: str) -> Any:
    """Return the JSON of a good answer.

    Raises:
        _Momentary: it may be better in some seconds.
        OperatorNeeded: it refuses us, or is something else than JSON.
        SettingsError: it does not understand the question.
    """
    status = answer.status_code
    says = f"answers {status}{_short_code(answer)}"
    if status in _MOMENTARY or (status >= 500 and status not in _NEVER):
        raise _Momentary(says, retry_after_seconds(answer.headers.get("Retry-After"), datetime.now(UTC)))
    if status in _NOT_ALLOWED:
        fix = "look at the auth settings of this source, and at what that user may read"
        raise OperatorNeeded(says, code="not-allowed", place=shown, fix=fix)
    if status in _NOT_THERE:
        fix = "look at the url and the other addresses in the settings of this source"
        raise SettingsError(says, code="not-found", place=shown, fix=fix)
    if status != 200:
        fix = "look at the settings of this source; the server does not understand the question"
        raise SettingsError(says, code="not-understood", place=shown, fix=fix)
    try:
        return from_json(answer.content)
    except ValueError:
        kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if kind.endswith("json"):
            # Some servers begin with 200 and break off in the middle.
            raise _Momentary("answers with broken JSON") from None
        web = kind in ("text/html", "application/xhtml+xml")
        raise OperatorNeeded(
            "it answers with a web page, such as a login, instead of JSON" if web else "its answer is no JSON",
            code="no-json",
            place=shown,
            fix="look at url and auth of this source: the url is the base of the API",
        ) from None


def _short_code(answer: Answer) -> str:
    """Return the code of an error that many servers give, which is no free text: `` (E1009)``."""
    try:
        said = from_json(answer.content)
    except ValueError:
        return ""
    codes = [str(said.get(key)) for key in ("errorCode", "code", "error")] if isinstance(said, dict) else []
    return next((f" ({code})" for code in codes if _SHORT_CODE.fullmatch(code)), "")
