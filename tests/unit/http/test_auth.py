"""How another system is told who we are, and that the secret is in no error."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError
from requests import PreparedRequest, Request

from hm_fhir.errors import SettingsError
from hm_fhir.http.auth import Auth, BasicAuth, BearerAuth, TokenAuth, requests_auth

AUTH: TypeAdapter[Any] = TypeAdapter(Auth)


def sent(auth: BearerAuth | BasicAuth | TokenAuth | None, folder: Path) -> str | None:
    request: PreparedRequest = Request("GET", "http://127.0.0.1/", auth=requests_auth(auth, folder)).prepare()
    return request.headers.get("Authorization")


def bearer(folder: Path, token: str) -> BearerAuth:
    (folder / "token").write_text(token, encoding="utf-8")
    return BearerAuth(kind="bearer", token="file:token")


def test_no_auth_is_no_header(tmp_path: Path) -> None:
    assert sent(None, tmp_path) is None


def test_a_bearer_token_is_sent(tmp_path: Path) -> None:
    assert sent(bearer(tmp_path, "a.B-c_d~e/f+g==\n"), tmp_path) == "Bearer a.B-c_d~e/f+g=="


@pytest.mark.parametrize(("more", "word"), [({}, "Token"), ({"scheme": "ApiToken"}, "ApiToken")])
def test_a_token_is_sent_with_the_word_of_the_product(tmp_path: Path, more: dict[str, str], word: str) -> None:
    (tmp_path / "token").write_text("0d4c1b6f\n", encoding="utf-8")
    auth = AUTH.validate_python({"kind": "token", "token": "file:token", **more})
    assert sent(auth, tmp_path) == f"{word} 0d4c1b6f"


def test_the_word_before_a_token_is_a_word(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="scheme"):
        AUTH.validate_python({"kind": "token", "token": "file:token", "scheme": "Token abc\r\nX: y"})


def test_a_token_that_is_none_is_not_shown(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("Token abc", encoding="utf-8")
    with pytest.raises(SettingsError, match="without the word Token") as refused:
        requests_auth(TokenAuth(kind="token", token="file:token"), tmp_path)
    assert "abc" not in str(refused.value)


def test_a_user_and_a_password_are_sent_in_utf_8(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("па:роля\n", encoding="utf-8")
    header = sent(BasicAuth(kind="basic", user="Самоков", password="file:password"), tmp_path)
    assert header == f"Basic {base64.b64encode('Самоков:па:роля'.encode()).decode()}"


@pytest.mark.parametrize("token", ["Bearer abc", "abc\ndef", "жетон", "abc def", "abc\x00", "=abc", '"abc"'])
def test_what_is_no_token_is_refused_before_it_is_sent_and_not_shown(tmp_path: Path, token: str) -> None:
    # The HTTP library would put it into its error.
    with pytest.raises(SettingsError) as refused:
        requests_auth(bearer(tmp_path, token), tmp_path)
    assert refused.value.code == "secret"
    assert refused.value.place == "file:token"
    assert token not in str(refused.value)
    assert "abc" not in str(refused.value)


@pytest.mark.parametrize("auth", [BearerAuth, BasicAuth])
def test_a_missing_secret_is_an_error_of_the_settings(tmp_path: Path, auth: Any) -> None:
    options = {"kind": "bearer", "token": "file:absent"}
    if auth is BasicAuth:
        options = {"kind": "basic", "user": "u", "password": "file:absent"}
    with pytest.raises(SettingsError, match="file:absent"):
        requests_auth(AUTH.validate_python(options), tmp_path)


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "bearer", "token": "s3cret"},
        {"kind": "basic", "user": "u", "password": "s3cret"},
        {"kind": "basic", "user": "s3:cret", "password": "env:P"},  # RFC 7617: a colon ends the user
        {"kind": "basic", "user": "", "password": "env:P"},
        {"kind": "bearer", "token": "env:T", "user": "s3cret"},
        {"kind": "bearer"},
        {"kind": "s3cret"},
    ],
)
def test_wrong_settings_are_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        AUTH.validate_python(wrong)


def test_the_secret_is_in_no_repr(tmp_path: Path) -> None:
    auth = bearer(tmp_path, "s3cret")
    assert "s3cret" not in repr(auth) + repr(requests_auth(auth, tmp_path))
