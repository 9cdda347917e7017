"""How another system is told who we are: a token in a header, or a user with a password; secrets by reference."""

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


class TokenAuth(Section):
    """A token with a word of its own before it: ``Authorization: Token …``."""

    kind: Literal["token"]
    token: SecretReference = Field(description="reference to the token")
    scheme: Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9-]*$")] = Field(
        default="Token", description="the word before the token: `Token` for KoboToolbox, `ApiToken` for DHIS2"
    )


Auth = Annotated[BearerAuth | BasicAuth | TokenAuth, Field(discriminator="kind")]


class HeaderAuth(AuthBase):
    """Sends ``Authorization: scheme token``.

    Args:
        scheme: the word before the token.
        token: the secret.
    """

    def __init__(self, scheme: str, token: str) -> None:
        self._value = f"{scheme} {token}"

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Return the request with the header."""
        request.headers["Authorization"] = self._value
        return request


class NoAuth(AuthBase):
    """Sends no credentials. Without any auth `requests` would send those of a netrc file."""

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Return the request as it is."""
        return request


def requests_auth(auth: BearerAuth | BasicAuth | TokenAuth | None, folder: Path) -> AuthBase:
    """Return what `requests` uses; credentials come from the settings alone.

    Args:
        auth: settings; None sends nothing.
        folder: where relative paths of secrets start.

    Raises:
        SettingsError: the secret is not where its reference says, or is no token.
    """
    match auth:
        case BasicAuth():
            return HTTPBasicAuth(auth.user.encode(), read_secret(auth.password, folder).encode())
        case BearerAuth():
            return HeaderAuth("Bearer", _token(auth.token, folder, "a bearer token", "Bearer"))
        case TokenAuth():
            return HeaderAuth(auth.scheme, _token(auth.token, folder, "a token", auth.scheme))
    return NoAuth()


def _token(reference: str, folder: Path, what: str, scheme: str) -> str:
    token = read_secret(reference, folder)
    if not _TOKEN.fullmatch(token):
        # The HTTP library would fail only at the first request, with the token in its error.
        raise SettingsError(
            f"the secret is not {what}",
            code="secret",
            place=reference,
            fix=f"it holds the token alone: one line of letters, digits and -._~+/=, without the word {scheme}",
        )
    return token
