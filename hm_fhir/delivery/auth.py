"""How a target is told who we are: nothing, a bearer token, or a user with a password; secrets by reference."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field
from requests import PreparedRequest
from requests.auth import AuthBase, HTTPBasicAuth

from hm_fhir.config import SecretReference, Section, read_secret


class BearerAuth(Section):
    """A bearer token (RFC 6750)."""

    kind: Literal["bearer"]
    token: SecretReference = Field(description="reference to the token")


class BasicAuth(Section):
    """A user and a password (RFC 7617)."""

    kind: Literal["basic"]
    user: str = Field(description="user name")
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
        SettingsError: the secret is not where its reference says.
    """
    if isinstance(auth, BearerAuth):
        return _Bearer(read_secret(auth.token, folder))
    if isinstance(auth, BasicAuth):
        return HTTPBasicAuth(auth.user.encode(), read_secret(auth.password, folder).encode())
    return None
