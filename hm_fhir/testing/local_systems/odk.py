"""ODK Central with one form, as its OData feed shows it.

Paging, filters, errors, sessions, edits, reviews and deletions follow getodk/central-backend (Apache-2.0):
``test/integration/api/odata.js``, ``test/integration/api/sessions.js``, ``lib/model/query/submissions.js``,
``lib/util/db.js`` (skiptoken), ``lib/util/problem.js`` (errors).
"""

from __future__ import annotations

import base64
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import dropwhile
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlencode

from hm_fhir.fhir.json import from_json, to_json
from hm_fhir.testing.exchange import Request
from hm_fhir.testing.local_systems.odk_filter import Unparseable, Unsupported, read_filter
from hm_fhir.testing.local_systems.odk_rows import Form, Row
from hm_fhir.testing.local_systems.served import Said, ServedSystem

EMAIL = "reader@municipality.example"
PASSWORD = "correct horse battery staple"  # noqa: S105  (of this system alone)


@dataclass(slots=True)
class _Submission:
    number: int
    key: str
    answers: Mapping[str, Any]
    system: Row = field(default_factory=dict)


class _Problem(Exception):
    def __init__(self, status: int, code: float, message: str) -> None:
        super().__init__(message)
        self.said = Said({"message": message, "code": code}, status)


class OdkSystem(ServedSystem):
    """ODK Central with one project and one form.

    A document is a submission; its ``native`` is ``{"submission": {…}}`` with groups as objects and repeats as lists
    of objects, and if wanted ``"system": {"reviewState": …, "submitterName": …, "deviceId": …}``. The form learns its
    questions from the submissions. To save a known key is an edit, as in Central: the review state becomes
    ``edited``, ``updatedAt`` the time, ``meta.instanceID`` a new one; the key stays.

    Args:
        folder: where secrets are written.
        project: number of the project.
        form: id of the form.
        auth: what `options` say: a web user who logs in, or their e-mail and password in every request.
        deletes: what `delete` does: `trash` puts a submission there, `reject` gives it the state ``rejected``.
        knows_deletions: whether filters know ``deletedAt`` (2024.3 and newer).
        knows_expand: whether ``$expand=*`` is known (1.2 and newer); an older one ignores it.
    """

    def __init__(
        self,
        folder: Path,
        *,
        project: int = 1,
        form: str = "visits",
        auth: Literal["session", "basic"] = "session",
        deletes: Literal["trash", "reject"] = "trash",
        knows_deletions: bool = True,
        knows_expand: bool = True,
    ) -> None:
        super().__init__(folder)
        self._project = project
        self._form_id = form
        self._auth = auth
        self._deletes = deletes
        self._knows_deletions = knows_deletions
        self._knows_expand = knows_expand
        self._form = Form()
        self._submissions: dict[str, _Submission] = {}
        self._purged: dict[str, _Submission] = {}
        self._sessions: set[str] = set()
        self._logins = 0

    @property
    def options(self) -> dict[str, Any]:
        """What a source needs in its settings, beside its kind."""
        password = self.secret("odk-password", PASSWORD)
        who = {"email": EMAIL} if self._auth == "session" else {"user": EMAIL}
        return {
            "url": self.url,
            "project": self._project,
            "form": self._form_id,
            "auth": {"kind": self._auth, **who, "password": password},
        }

    def error(self, status: int) -> Any:
        """Return the body of an error as the product writes it."""
        return {"message": "the test wants it so", "code": float(f"{status}.1")}

    def save(self, document: Mapping[str, Any]) -> None:
        """Take a submission, or an edit of one.

        Args:
            document: ``{"key": …, "changed": ISO date-time with a zone, "native": …}``.
        """
        key, native = document["key"], document["native"]
        time = self._time(document["changed"])
        known = self._submissions.get(key)
        answers = dict(native["submission"])
        system = dict(native.get("system", {}))
        if known is None:
            answers.setdefault("meta", {"instanceID": key})
            system = {
                "submissionDate": time,
                "updatedAt": None,
                "submitterId": "5",
                "submitterName": "Collect",
                "attachmentsPresent": 0,
                "attachmentsExpected": 0,
                "status": None,
                "reviewState": None,
                "deviceId": None,
                "edits": 0,
                "formVersion": "1.0",
                "deletedAt": None,
                **system,
            }
            self._submissions[key] = _Submission(len(self._submissions) + len(self._purged), key, answers, system)
        else:
            edits = known.system["edits"] + 1
            version = f"uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'{key}#{edits}')}"
            known.answers = {**answers, "meta": {"instanceID": version, "deprecatedID": key}}
            news = {"updatedAt": time, "edits": edits, "reviewState": "edited", "deletedAt": None}
            known.system |= {**news, **system}
        self._form.learn(self._submissions[key].answers)

    def review(self, key: str, state: str | None, changed: str) -> None:
        """Give a submission a review state; `state` None is received."""
        self._submissions[key].system |= {"reviewState": state, "updatedAt": self._time(changed)}

    def delete(self, key: str, changed: str) -> None:
        """Put a submission into the trash, where ``updatedAt`` stays; or reject it.

        Raises:
            KeyError: it was never saved.
        """
        if self._deletes == "reject":
            self.review(key, "rejected", changed)
        else:
            self._submissions[key].system["deletedAt"] = self._time(changed)

    def restore(self, key: str) -> None:
        """Take a submission out of the trash; no time tells of that."""
        self._submissions[key].system["deletedAt"] = None

    def purge(self, key: str) -> None:
        """Destroy a submission."""
        self._purged[key] = self._submissions.pop(key)

    def expire_sessions(self) -> None:
        """End all sessions, as Central does after a day."""
        self._sessions.clear()

    def answer(self, request: Request) -> Said:
        """Return the answer to a request."""
        try:
            if request.path == "v1/sessions" and request.method == "POST":
                return self._login(request.resource or {})
            self._check_user(request)
            return Said(self._table(request), headers={"OData-Version": "4.0"})
        except _Problem as problem:
            return problem.said

    def _time(self, changed: str) -> str:
        moment = self.pass_time(datetime.fromisoformat(changed))
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def _login(self, body: Mapping[str, Any]) -> Said:
        if (body.get("email"), body.get("password")) != (EMAIL, PASSWORD):
            raise _Problem(401, 401.2, "Could not authenticate with the provided credentials.")
        self._logins += 1
        token = f"session{self._logins}!$"  # Central's tokens have such characters, too
        self._sessions.add(token)
        return Said({"token": token, "csrf": "unused", "expiresAt": "2027-01-01T00:00:00.000Z"})

    def _check_user(self, request: Request) -> None:
        kind, _, secret = request.headers.get("authorization", "").partition(" ")
        basic = base64.b64encode(f"{EMAIL}:{PASSWORD}".encode()).decode()
        if not kind:
            raise _Problem(403, 403.1, "The authentication you provided does not have rights to perform that action.")
        if not (kind == "Bearer" and secret in self._sessions) and (kind, secret) != ("Basic", basic):
            raise _Problem(401, 401.2, "Could not authenticate with the provided credentials.")

    def _table(self, request: Request) -> Any:
        service = f"v1/projects/{self._project}/forms/{self._form_id}.svc"
        table = request.path.removeprefix(f"{service}/")
        if request.path == service:
            tables = [{"name": name, "kind": "EntitySet", "url": name} for name in self._form.tables()]
            return {"@odata.context": f"{self.url}/{service}/$metadata", "value": tables}
        if table not in self._form.tables():
            raise _Problem(404, 404.1, "Could not find the resource you were looking for.")
        query = dict(request.query)
        rows = self._rows(table, query)
        total = len(rows)
        rows = self._after_token(rows, query, table)
        top = int(query["$top"]) if "$top" in query else len(rows)
        content: dict[str, Any] = {"value": rows[:top], "@odata.context": f"{self.url}/{service}/$metadata#{table}"}
        if top and len(rows) > top:
            mark = {"instanceId" if table == "Submissions" else "repeatId": rows[top - 1]["__id"]}
            token = "01" + base64.b64encode(to_json(mark)).decode()
            rest = {name: value for name, value in query.items() if name not in ("$skip", "$skiptoken")}
            content["@odata.nextLink"] = f"{self.url}/{request.path}?{urlencode({**rest, '$skiptoken': token})}"
        if query.get("$count") == "true":
            content["@odata.count"] = total
        return content

    def _rows(self, table: str, query: Mapping[str, str]) -> list[Row]:
        if "$orderby" in query and "$skiptoken" in query:
            raise _Problem(501, 501.1, "The requested feature $orderby and $skiptoken together is not supported")
        prefix = "__system/" if table == "Submissions" else "$root/Submissions/__system/"
        try:
            passes = read_filter(query.get("$filter"), prefix=prefix, knows_deletions=self._knows_deletions)
        except Unparseable:
            raise _Problem(400, 400.18, "The OData filter expression you provided could not be parsed") from None
        except Unsupported:
            raise _Problem(501, 501.5, "The given OData filter expression references fields not supported") from None
        expand = self._knows_expand and query.get("$expand") == "*"
        found = [one for one in self._submissions.values() if passes(one.system)]
        found.sort(key=lambda one: (one.system["submissionDate"], one.number), reverse=True)
        return [row for one in found for row in self._rows_of(one, table, expand)]

    def _rows_of(self, submission: _Submission, table: str, expand: bool) -> list[Row]:
        if submission.system["status"] is not None:
            rows: list[Row] = [{"__id": submission.key}] if table == "Submissions" else []
        else:
            rows = list(self._form.rows(table, submission.key, submission.answers, expand=expand))
        if table == "Submissions":
            rows[0]["__system"] = dict(submission.system)
        return rows

    def _after_token(self, rows: list[Row], query: Mapping[str, str], table: str) -> list[Row]:
        if "$skiptoken" not in query:
            return rows[int(query.get("$skip", 0)) :]
        try:
            mark = from_json(base64.b64decode(query["$skiptoken"].removeprefix("01")))
            key = mark["instanceId" if table == "Submissions" else "repeatId"]
        except (ValueError, KeyError, TypeError):
            raise _Problem(400, 400.35, "Invalid $skiptoken") from None
        if table != "Submissions":
            left = list(dropwhile(lambda row: row["__id"] != key, rows))
            if not left:
                raise _Problem(400, 400.34, "Record associated with the provided $skiptoken not found.")
            return left[1:]
        last = self._submissions.get(key)
        if last is None:
            return []
        place = (last.system["submissionDate"], last.number)
        return [row for row in rows if self._place(row) < place]

    def _place(self, row: Row) -> tuple[str, int]:
        return row["__system"]["submissionDate"], self._submissions[row["__id"]].number


LOCAL_SYSTEM = OdkSystem
