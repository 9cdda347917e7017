"""Reading JSON from a server that is slow, busy, moved, broken, or another one than it should be."""

from __future__ import annotations

import gzip
import logging
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import requests

from hm_fhir.errors import HmFhirError, OperatorNeeded, RetryLater, SettingsError
from hm_fhir.fhir.json import to_json
from hm_fhir.http import answers
from hm_fhir.http.auth import HeaderAuth
from hm_fhir.http.client import HttpReader, Page
from hm_fhir.http.options import HttpOptions
from hm_fhir.testing.http import HttpServer, Reply

TOKEN = "secret-token-of-the-test"
NAME = "Маркер"
JSON = {"Content-Type": "application/json"}


class Server:
    """Answers what a test tells it, and remembers what it was asked."""

    def __init__(self) -> None:
        self.replies: list[Reply] = []
        self.asked: list[tuple[str, str, Mapping[str, str]]] = []
        self._server = HttpServer(0, self._respond)
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def _respond(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Reply:
        self.asked.append((method, target, headers))
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]

    def say(self, *bodies: Any) -> None:
        self.replies = [one if isinstance(one, Reply) else Reply(headers=JSON, body=to_json(one)) for one in bodies]

    def end(self) -> None:
        self._server.end()
        self._thread.join()


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.end()


@pytest.fixture
def other() -> Iterator[Server]:
    made = Server()
    yield made
    made.end()


class Reading:
    """A reader, and the waits that it wanted."""

    def __init__(
        self, folder: Path, url: str, login: Callable[[HttpReader], Any] | None = None, **options: Any
    ) -> None:
        (folder / "token").write_text(TOKEN, encoding="utf-8")
        auth = None if login else {"kind": "bearer", "token": "file:token"}
        chosen = HttpOptions.model_validate({"url": url, "auth": auth, **options})
        self.waits: list[float] = []
        self.http = HttpReader(chosen, folder, login=login, sleep=self.waits.append)

    def get(self, path: str = "api/list", params: Any = None, **more: Any) -> Any:
        with self.http:
            return self.http.get_json(path, params, **more)


def refusal(reading: Reading, kind: type[HmFhirError], **more: Any) -> HmFhirError:
    with pytest.raises(kind) as refused:
        reading.get(params={"name": NAME}, **more)
    for secret in (TOKEN, NAME, "%D0", "name="):
        assert secret not in str(refused.value)
    return refused.value


# What is read


def test_numbers_keep_their_digits(server: Server, tmp_path: Path) -> None:
    server.say(Reply(headers=JSON, body=b'{"weight": 3.250, "number": 7}'))
    content = Reading(tmp_path, server.url).get()
    assert content == {"weight": Decimal("3.250"), "number": 7}
    assert str(content["weight"]) == "3.250"


def test_paths_are_below_the_base_and_parameters_are_encoded(server: Server, tmp_path: Path) -> None:
    server.say([])
    Reading(tmp_path, f"{server.url}/base/").get("/api/list", {"q": '{"a": "б"}', "id": ["1", "2"], "limit": 5})
    method, target, headers = server.asked[0]
    assert (method, target.partition("?")[0]) == ("GET", "/base/api/list")
    assert target.endswith("q=%7B%22a%22%3A+%22%D0%B1%22%7D&id=1&id=2&limit=5")
    assert headers["accept"] == "application/json"
    assert headers["authorization"] == f"Bearer {TOKEN}"


def test_a_question_can_stand_in_a_body(server: Server, tmp_path: Path) -> None:
    server.say({"docs": []})
    with Reading(tmp_path, server.url).http as http:
        assert http.post_json("_bulk", {"ids": ["a"]}) == {"docs": []}
    assert server.asked[0][0] == "POST"
    assert server.asked[0][2]["content-type"] == "application/json"


def test_a_packed_answer_is_unpacked(server: Server, tmp_path: Path) -> None:
    server.say(Reply(headers={**JSON, "Content-Encoding": "gzip"}, body=gzip.compress(b'["a"]')))
    assert Reading(tmp_path, server.url).get() == ["a"]


# What may be better in some seconds


@pytest.mark.parametrize(
    "bad",
    [
        Reply(503),
        Reply(500),
        Reply(429),
        Reply(408),
        Reply(drop=True),
        Reply(headers=JSON, body=b'["a", "b"]', cut=True),
        Reply(headers=JSON, body=b'["a", '),
    ],
)
def test_what_passes_is_tried_again(server: Server, tmp_path: Path, bad: Reply) -> None:
    server.say(bad, bad, ["a"])
    reading = Reading(tmp_path, server.url)
    assert reading.get() == ["a"]
    assert len(reading.waits) == 2
    assert all(0 <= wait <= 8 for wait in reading.waits)


def test_after_some_attempts_the_next_run_tries_again(server: Server, tmp_path: Path) -> None:
    server.say(Reply(503))
    error = refusal(Reading(tmp_path, server.url, quick_attempts=3), RetryLater)
    assert len(server.asked) == 3
    assert "/api/list answers 503" in str(error)


def test_a_server_that_is_away_is_tried_again(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    reading = Reading(tmp_path, f"http://127.0.0.1:{port}", quick_attempts=2)
    assert "does not answer (network)" in str(refusal(reading, RetryLater))
    assert len(reading.waits) == 1


def test_the_wait_that_the_server_asks_for_is_kept(server: Server, tmp_path: Path) -> None:
    server.say(Reply(429, {"Retry-After": "30"}), ["a"])
    reading = Reading(tmp_path, server.url)
    assert reading.get() == ["a"]
    assert reading.waits == [30]


def test_nobody_waits_within_a_run_as_long_as_a_server_asks_for_too_much(server: Server, tmp_path: Path) -> None:
    server.say(Reply(429, {"Retry-After": "3600"}))
    reading = Reading(tmp_path, server.url)
    error = refusal(reading, RetryLater)
    assert isinstance(error, RetryLater)
    assert (error.after_seconds, reading.waits, len(server.asked)) == (3600, [], 1)


def test_an_answer_that_comes_drop_by_drop_is_left(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening, suppress(OSError):
        Thread(target=_drop_by_drop, args=(listening,), daemon=True).start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        reading = Reading(tmp_path, url, quick_attempts=1, timeout_seconds=0.2, connect_timeout_seconds=0.1)
        assert "does not answer in time" in str(refusal(reading, RetryLater))


def _drop_by_drop(listening: socket.socket) -> None:
    connection, _ = listening.accept()
    with connection, suppress(OSError):
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n[")
        while True:
            connection.sendall(b" ")
            connection.settimeout(0.02)
            with suppress(TimeoutError):
                if not connection.recv(1):
                    return


# What an operator must mend


@pytest.mark.parametrize(
    ("reply", "kind", "code"),
    [
        (Reply(401), OperatorNeeded, "not-allowed"),
        (Reply(403), OperatorNeeded, "not-allowed"),
        (Reply(404), SettingsError, "not-found"),
        (Reply(410), SettingsError, "not-found"),
        (Reply(400), SettingsError, "not-understood"),
        (Reply(409), SettingsError, "not-understood"),
        (Reply(501), SettingsError, "not-understood"),
        (Reply(204), SettingsError, "not-understood"),
        (Reply(200, {"Content-Type": "text/html"}, b"<html>login</html>"), OperatorNeeded, "no-json"),
        (Reply(200, {"Content-Type": "text/csv"}, b"a;b"), OperatorNeeded, "no-json"),
        (Reply(200), OperatorNeeded, "no-json"),
    ],
)
def test_what_time_does_not_mend_is_said_at_once(
    server: Server, tmp_path: Path, reply: Reply, kind: type[HmFhirError], code: str
) -> None:
    server.say(reply)
    error = refusal(Reading(tmp_path, server.url), kind)
    assert error.code == code
    assert error.fix
    assert error.place == f"{server.url}/api/list"
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ({"errorCode": "E1009", "message": NAME}, " (E1009)"),
        ({"code": Decimal("404.1"), "message": NAME}, " (404.1)"),
        ({"error": "bad_request", "reason": NAME}, " (bad_request)"),
        ({"error": f"no such person: {NAME}"}, ""),
        ({"code": NAME}, ""),
        ([NAME], ""),
    ],
)
def test_the_code_of_an_error_is_told_and_its_words_are_not(
    server: Server, tmp_path: Path, body: Any, shown: str
) -> None:
    server.say(Reply(400, JSON, to_json(body)))
    error = refusal(Reading(tmp_path, server.url), SettingsError)
    assert error.message == f"answers 400{shown}"


def test_a_path_with_an_id_is_not_shown(server: Server, tmp_path: Path) -> None:
    server.say(Reply(404))
    error = refusal(Reading(tmp_path, server.url), SettingsError, path="persons/1234567890", place="persons/{id}")
    assert error.place == "persons/{id}"


def test_an_answer_without_end_is_left(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "MOST_ANSWER_BYTES", 1000)
    server.say(Reply(headers={**JSON, "Content-Encoding": "gzip"}, body=gzip.compress(b" " * 2_000_000)))
    error = refusal(Reading(tmp_path, server.url), SettingsError)
    assert error.code == "too-long"
    assert len(server.asked) == 1


# Where it goes


def test_a_redirect_on_the_same_host_is_followed_with_the_credentials(server: Server, tmp_path: Path) -> None:
    server.say(Reply(302, {"Location": "/api/list/?format=json"}), ["a"])
    assert Reading(tmp_path, server.url).get(params={"limit": 1}) == ["a"]
    assert [target for _, target, _ in server.asked] == ["/api/list?limit=1", "/api/list/?format=json"]
    assert server.asked[1][2]["authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_nothing_is_sent_to_another_host(server: Server, other: Server, tmp_path: Path, status: int) -> None:
    other.say(["a"])
    server.say(Reply(status, {"Location": f"{other.url}/api/list"}))
    assert refusal(Reading(tmp_path, server.url), OperatorNeeded).code == "redirect"
    assert not other.asked


def test_a_redirect_in_a_circle_ends(server: Server, tmp_path: Path) -> None:
    server.say(Reply(302, {"Location": "/api/list"}))
    assert refusal(Reading(tmp_path, server.url), OperatorNeeded).code == "redirect"
    assert len(server.asked) == 5


def test_a_redirect_to_a_login_page_is_said(server: Server, tmp_path: Path) -> None:
    server.say(
        Reply(302, {"Location": "/login"}), Reply(200, {"Content-Type": "text/html; charset=utf-8"}, b"<html>")
    )
    assert "a web page, such as a login" in str(refusal(Reading(tmp_path, server.url), OperatorNeeded))


def test_a_link_to_another_host_is_refused(server: Server, other: Server, tmp_path: Path) -> None:
    with pytest.raises(OperatorNeeded, match="another host"):
        Reading(tmp_path, server.url).get(f"{other.url}/api/list?page=2")
    assert not other.asked


def test_a_netrc_file_does_not_replace_the_settings(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login somebody password else\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    assert requests.utils.get_netrc_auth(server.url) == ("somebody", "else")
    server.say(Reply(302, {"Location": "/api/list"}), ["a"])
    Reading(tmp_path, server.url).get()
    assert {headers["authorization"] for _, _, headers in server.asked} == {f"Bearer {TOKEN}"}


def test_a_netrc_file_does_not_log_in_where_the_settings_say_nobody(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login somebody password else\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    server.say(["a"])
    Reading(tmp_path, server.url, auth=None).get()
    assert "authorization" not in server.asked[0][2]


def test_no_log_line_holds_the_token_or_a_body(
    server: Server, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.say(Reply(503, JSON, to_json([NAME])), [NAME])
    Reading(tmp_path, server.url).get()
    assert caplog.text
    assert TOKEN not in caplog.text
    assert NAME not in caplog.text


# Sessions


def test_a_session_begins_before_the_first_request_and_again_when_it_has_ended(
    server: Server, tmp_path: Path
) -> None:
    tokens = iter(["one", "two"])

    def login(http: HttpReader) -> HeaderAuth:
        http.post_json("sessions", {"user": "u"})
        return HeaderAuth("Bearer", next(tokens))

    server.say({}, ["a"], Reply(401), {}, ["b"])
    reading = Reading(tmp_path, server.url, login)
    assert [reading.get(), reading.get()] == [["a"], ["b"]]
    asked = [(method, headers.get("authorization")) for method, _, headers in server.asked]
    assert asked == [
        ("POST", None),
        ("GET", "Bearer one"),
        ("GET", "Bearer one"),
        ("POST", None),
        ("GET", "Bearer two"),
    ]


def test_a_session_that_is_refused_at_once_is_not_asked_for_again(server: Server, tmp_path: Path) -> None:
    begun = []

    def login(http: HttpReader) -> HeaderAuth:
        begun.append(1)
        return HeaderAuth("Bearer", "abc")

    server.say(Reply(401))
    with pytest.raises(OperatorNeeded):
        Reading(tmp_path, server.url, login).get()
    assert len(begun) == 1


def test_wrong_credentials_of_a_session_are_said(server: Server, tmp_path: Path) -> None:
    def login(http: HttpReader) -> HeaderAuth:
        http.post_json("sessions", {"password": TOKEN})
        raise AssertionError("it was refused")

    server.say(Reply(401))
    assert "/sessions" in str(refusal(Reading(tmp_path, server.url, login), OperatorNeeded))
    assert len(server.asked) == 1


# Pages


def pages(reading: Reading, following: Callable[[Page], Any], params: Any = None) -> list[Any]:
    with reading.http as http:
        return [page.content for page in http.pages("api/list", params, following=following)]


def test_pages_follow_links_and_parameters(server: Server, tmp_path: Path) -> None:
    server.say([1], [2], [3])
    steps = iter([f"{server.url}/api/list?page=2", {"page": 3}, None])
    assert pages(Reading(tmp_path, server.url), lambda page: next(steps), {"size": 1}) == [[1], [2], [3]]
    assert [target for _, target, _ in server.asked] == ["/api/list?size=1", "/api/list?page=2", "/api/list?page=3"]


def test_the_next_page_is_asked_when_the_one_before_is_done_with(server: Server, tmp_path: Path) -> None:
    server.say([1], [2])
    with Reading(tmp_path, server.url).http as http:
        walk = http.pages("api/list", following=lambda page: None if page.number else {"page": 2})
        assert next(walk).content == [1]
        assert len(server.asked) == 1
        assert next(walk).content == [2]


def test_pages_in_a_circle_end(server: Server, tmp_path: Path) -> None:
    server.say([1], [2], [1])
    with pytest.raises(OperatorNeeded, match="the same page came twice"):
        pages(Reading(tmp_path, server.url), lambda page: {"page": page.number})


def test_a_link_that_leads_to_itself_ends(server: Server, tmp_path: Path) -> None:
    server.say([1], [2], [3], [4])
    with pytest.raises(OperatorNeeded, match="the same page came twice"):
        pages(Reading(tmp_path, server.url), lambda page: "/api/list?page=2")
    assert len(server.asked) == 3


def test_the_last_page_may_be_like_another_one(server: Server, tmp_path: Path) -> None:
    server.say([], [])
    assert pages(Reading(tmp_path, server.url), lambda page: None if page.number else {"page": 2}) == [[], []]
