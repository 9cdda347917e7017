"""A FHIR R4 server as a target: transactions of ``PUT Type/id`` with the ids that this deployment makes.

A transaction is all or nothing (R4 http.html#transaction), and the same transaction twice has the effect of one: ids
are ours, so that a lost answer is answered by sending again.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import requests
from pydantic import Field
from tenacity import Retrying, retry_if_result, stop_after_attempt, wait_random_exponential

from hm_fhir.config import Section
from hm_fhir.delivery.classify import classify
from hm_fhir.delivery.target import Closed, Held, Later, Limits, Outcome, TargetContext, Write
from hm_fhir.errors import OperatorNeeded, RetryLater
from hm_fhir.fhir.json import from_json, to_json
from hm_fhir.http.addresses import HttpUrl
from hm_fhir.http.answers import Answer, content_of, is_unreachable, retry_after_seconds
from hm_fhir.http.auth import Auth, requests_auth

_FHIR_JSON = "application/fhir+json"


class FhirTargetOptions(Section):
    """Settings of a FHIR server."""

    url: HttpUrl = Field(description="base of the FHIR R4 server")
    auth: Auth | None = Field(default=None, description="who we are; no auth when absent")
    timeout_seconds: Annotated[float, Field(gt=0, le=3600)] = Field(
        default=60, description="longest wait for an answer"
    )
    connect_timeout_seconds: Annotated[float, Field(gt=0, le=600)] = Field(
        default=10, description="longest wait for a connection"
    )
    max_entries: Annotated[int, Field(ge=1)] = Field(default=200, description="most resources in one transaction")
    max_bytes: Annotated[int, Field(ge=10_000)] = Field(
        default=2_000_000, description="most bytes of one transaction"
    )
    quick_attempts: Annotated[int, Field(ge=1, le=10)] = Field(
        default=3, description="attempts within one call, a second or two apart, before the outbox waits"
    )


class FhirTarget:
    """A target that speaks the FHIR RESTful API.

    Args:
        options: settings.
        context: the deployment.

    Raises:
        SettingsError: a secret is not where its reference says.
    """

    def __init__(self, options: FhirTargetOptions, context: TargetContext) -> None:
        self.limits = Limits(writes=options.max_entries, bytes=options.max_bytes)
        self._url = options.url
        self._timeout = (options.connect_timeout_seconds, options.timeout_seconds)
        self._session = requests.Session()
        # With an auth `requests` reads no netrc file; proxies and certificates of the environment still count.
        self._session.auth = requests_auth(options.auth, context.folder)
        self._session.headers.update({"Accept": _FHIR_JSON, "Content-Type": _FHIR_JSON, "User-Agent": "hm-fhir"})
        self._retrying = Retrying(
            stop=stop_after_attempt(options.quick_attempts),
            wait=wait_random_exponential(multiplier=0.2, max=2),
            retry=retry_if_result(_is_momentary),
            retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
            sleep=time.sleep,
        )

    def send(self, writes: Sequence[Write]) -> Outcome:
        """Send one transaction. See `Target.send`."""
        body = self._transaction(writes)
        outcome: Outcome = self._retrying(self._post, body, writes)
        return outcome

    def _transaction(self, writes: Sequence[Write]) -> bytes:
        entries = []
        for write in writes:
            request = {"method": "PUT", "url": write.key}
            if write.if_version is not None:
                request["ifMatch"] = f'W/"{write.if_version}"'
            head = to_json({"fullUrl": f"{self._url}/{write.key}", "request": request})
            # The resource is JSON text already: it is put in as it is, not decoded and encoded again.
            entries.append(b"%s,%s%s}" % (head[:-1], b'"resource":', write.text))
        return b'{"resourceType":"Bundle","type":"transaction","entry":[%s]}' % b",".join(entries)

    def _post(self, body: bytes, writes: Sequence[Write]) -> Outcome:
        answer = self._call("POST", "", body)
        if not isinstance(answer, Answer):
            return answer
        return classify(answer.status_code, answer.headers, answer.content, writes, now=datetime.now(UTC))

    def _call(self, method: str, path: str, body: bytes | None = None) -> Answer | Later | Closed:
        try:
            with self._session.request(
                method, f"{self._url}{path}", data=body, timeout=self._timeout, allow_redirects=False, stream=True
            ) as response:
                deadline = time.monotonic() + self._timeout[1]
                return Answer(response.status_code, response.headers, content_of(response, deadline))
        except requests.exceptions.SSLError:
            return Closed("tls", "the server's certificate is not trusted here; nothing was sent")
        except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema, requests.exceptions.InvalidHeader):
            return Closed("address", "look at url and auth of this target in the settings")
        except requests.exceptions.ConnectTimeout:
            return Later("network")
        except requests.exceptions.Timeout:
            return Later("timeout", may_be_content=True)
        except requests.exceptions.RequestException as error:
            # No connection at all is not the content's fault; one that breaks may be.
            return Later("network", may_be_content=not is_unreachable(error))

    def read(self, keys: Sequence[str]) -> Mapping[str, Held] | Later | Closed:
        """Read current resources with one batch of GETs. See `Target.read`."""
        entries = [{"request": {"method": "GET", "url": key}} for key in keys]
        answer = self._call("POST", "", to_json({"resourceType": "Bundle", "type": "batch", "entry": entries}))
        if not isinstance(answer, Answer):
            return answer
        if answer.status_code != 200:
            outcome = classify(answer.status_code, answer.headers, answer.content, (), now=datetime.now(UTC))
            return outcome if isinstance(outcome, Later | Closed) else Later("cannot-read", may_be_content=True)
        try:
            entries = from_json(answer.content).get("entry", [])
            statuses = [str(entry["response"]["status"])[:3] for entry in entries]
            held = {
                f"{resource['resourceType']}/{resource['id']}": Held(str(resource["meta"]["versionId"]), resource)
                for resource, status in zip((entry.get("resource") for entry in entries), statuses, strict=True)
                if status == "200"
            }
        except (ValueError, KeyError, TypeError, AttributeError):
            # Without versions nobody can say what a receiver changed meanwhile.
            return Later("unreadable-answer", may_be_content=True)
        told = len(statuses) == len(keys) and held.keys() <= set(keys)
        if not told or any(status not in ("200", "404", "410") for status in statuses):
            return Later("cannot-read", may_be_content=True)
        return held

    def check(self) -> str:
        """Ask for the CapabilityStatement. See `Target.check`."""
        answer = self._call("GET", "/metadata")
        if isinstance(answer, Later):
            raise RetryLater(f"{self._url} does not answer ({answer.code})")
        if isinstance(answer, Closed):
            raise OperatorNeeded(f"{self._url}: {answer.code}", fix=answer.fix)
        if answer.status_code >= 500 or answer.status_code in (408, 409, 425, 429):
            after = retry_after_seconds(answer.headers.get("Retry-After"), datetime.now(UTC))
            raise RetryLater(f"{self._url} answers {answer.status_code}", after_seconds=after)
        if answer.status_code in (401, 403):
            raise OperatorNeeded(
                f"{self._url}/metadata answers {answer.status_code}", fix="look at the auth settings of this target"
            )
        statement = _object(answer)
        if answer.status_code != 200 or statement.get("resourceType") != "CapabilityStatement":
            raise OperatorNeeded(
                f"{self._url}/metadata answers {answer.status_code} without a CapabilityStatement",
                fix="the url must be the base of a FHIR R4 server",
            )
        version = str(statement.get("fhirVersion"))
        if not version.startswith("4.0"):
            raise OperatorNeeded(f"{self._url} speaks FHIR {version}", fix="hm_fhir sends FHIR R4 (4.0.1)")
        software = statement.get("software")
        name = software.get("name") if isinstance(software, dict) else None
        return f"FHIR {version}, {name or 'unnamed server'}"

    def close(self) -> None:
        """Give back connections."""
        self._session.close()


def _object(answer: Answer) -> dict[str, Any]:
    try:
        content = from_json(answer.content)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _is_momentary(outcome: object) -> bool:
    """Return whether a second attempt within the same call makes sense: a race, a reset, a restart behind a proxy."""
    return (
        isinstance(outcome, Later)
        and not outcome.stale
        and outcome.after_seconds is None
        and (outcome.busy or outcome.code in ("network", "http-502", "http-503", "http-504"))
    )
