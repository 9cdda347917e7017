"""Where a link of an answer may lead."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from hm_fhir.http.addresses import HttpUrl, link_on_host, named

URL: TypeAdapter[str] = TypeAdapter(HttpUrl)


@pytest.mark.parametrize(
    ("link", "asked", "followed"),
    [
        ("/b?c=1", "https://kobo.example.org/a", "https://kobo.example.org/b?c=1"),
        ("?page=2", "https://kobo.example.org/a?page=1", "https://kobo.example.org/a?page=2"),
        ("https://kobo.example.org:443/b", "https://kobo.example.org/a", "https://kobo.example.org/b"),
        # behind a proxy: the server does not know that it is asked by https
        ("http://kobo.example.org/b", "https://kobo.example.org/a", "https://kobo.example.org/b"),
        ("http://kobo.example.org/b", "https://kobo.example.org:8443/a", "https://kobo.example.org:8443/b"),
        ("http://127.0.0.1:80/b#part", "http://127.0.0.1/a", "http://127.0.0.1/b"),
        ("https://KOBO.example.org/b", "https://kobo.example.org/a", "https://kobo.example.org/b"),
        # elsewhere
        ("https://other.example.org/b", "https://kobo.example.org/a", None),
        ("//other.example.org/b", "https://kobo.example.org/a", None),
        ("https://kobo.example.org.evil.example/b", "https://kobo.example.org/a", None),
        ("https://kobo.example.org@evil.example/b", "https://kobo.example.org/a", None),
        ("https://kobo.example.org:8443/b", "https://kobo.example.org/a", None),
        ("http://kobo.example.org:8080/b", "https://kobo.example.org/a", None),
        ("https://kobo.example.org/b", "http://kobo.example.org:8080/a", None),
        ("file:///etc/passwd", "https://kobo.example.org/a", None),
        ("javascript:alert(1)", "https://kobo.example.org/a", None),
        ("https://kobo.example.org:99999/b", "https://kobo.example.org/a", None),
        ("https://[broken/b", "https://kobo.example.org/a", None),
    ],
)
def test_a_link_leads_to_the_same_host_or_nowhere(link: str, asked: str, followed: str | None) -> None:
    assert link_on_host(link, asked) == followed


def test_a_link_with_a_user_is_followed_without(  # the user of a link would be sent instead of ours
) -> None:
    assert (
        link_on_host("https://u:p@kobo.example.org/b", "https://kobo.example.org/a") == "https://kobo.example.org/b"
    )


def test_a_message_shows_no_query_and_no_user() -> None:
    assert named("https://u:secret@kobo.example.org:8443/a?token=secret#x") == "https://kobo.example.org:8443/a"


@pytest.mark.parametrize(
    "url",
    [
        "kobo.example.org",
        "ftp://a",
        "https://",
        "https://u:p@a",
        "https://:p@a",
        "https://a?token=1",
        "https://a/b#c",
        "https://a:99999",
        "https://a:port",
        "https://[broken",
    ],
)
def test_a_base_is_an_http_address_without_secrets(url: str) -> None:
    with pytest.raises(ValidationError, match="without query and user"):
        URL.validate_python(url)


def test_a_base_has_no_slash_at_its_end() -> None:
    assert URL.validate_python("https://kobo.example.org/") == "https://kobo.example.org"
