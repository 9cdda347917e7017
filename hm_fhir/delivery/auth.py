"""How a target is told who we are: nothing, a bearer token, or a user with a password; secrets by reference."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints
from requests import PreparedRequest
from requests.auth import AuthBase, HTTPBasicAuth

from hm_fhir.config import SecretReference, Section, read_secret
from hm_fhir.errors import SettingsError

_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")  # RFC 6750, section 2.1


class BearerAuth(Section):
    """A bearer token (RFC 6750)."""

    kind: Literal["bearer"]
    token: SecretReference = Field(description="reference to the token")


class BasicAuth(Section):
    """A user and a password (RFC 7617)."""

    kind: Literal["basic"]
    user: Annotated[str, StringConstraints(pattern=r"^[^:]+$")] = Field(description="user name, without a colon")
    password: SecretReference = Field(description="reference to the password")


Auth = Annotated[BearerAuth | BasicAuth, Field(discriminator="kind")]


class _Bearer(AuthBase):
    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def requests_auth(auth: BearerAuth | BasicAuth | None, folder: Path) -> AuthBase | None:
    """Return what `requests` uses.

    Raises:
        SettingsError: the secret is not where its reference says, or is no token.
    """
    if isinstance(auth, BearerAuth):
        token = read_secret(auth.token, folder)
        if not _TOKEN.fullmatch(token):
            # The HTTP library would fail only at the first request, with the token in its error.
            raise SettingsError(
                "the secret is not a bearer token",
                code="secret",
                place=auth.token,
                fix="it holds the token alone: one line of letters, digits and -._~+/=, without the word Bearer",
            )
        return _Bearer(token)
    if isinstance(auth, BasicAuth):
        return HTTPBasicAuth(auth.user.encode(), read_secret(auth.password, folder).encode())
    return None
