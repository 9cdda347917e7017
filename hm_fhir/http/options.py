"""Settings of everything that is read over HTTP."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from hm_fhir.config import Section
from hm_fhir.http.addresses import HttpUrl
from hm_fhir.http.auth import Auth


class HttpOptions(Section):
    """Settings of a server that is read."""

    url: HttpUrl = Field(description="base of the server")
    auth: Auth | None = Field(default=None, description="who we are; no auth when absent")
    timeout_seconds: Annotated[float, Field(gt=0, le=3600)] = Field(
        default=60, description="longest wait for an answer"
    )
    connect_timeout_seconds: Annotated[float, Field(gt=0, le=600)] = Field(
        default=10, description="longest wait for a connection"
    )
    quick_attempts: Annotated[int, Field(ge=1, le=10)] = Field(
        default=4, description="attempts of one request, some seconds apart, before reading stops until the next run"
    )
    retry_after_most_seconds: Annotated[float, Field(ge=0, le=3600)] = Field(
        default=60,
        description="longest wait between two attempts that the server's Retry-After can ask for; when it asks for "
        "more, reading stops until the next run",
    )
    page_size: Annotated[int, Field(ge=1, le=100_000)] = Field(
        default=500, description="most documents in one answer"
    )
