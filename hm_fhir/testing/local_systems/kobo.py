"""KoboToolbox on this machine: the submissions of one form, by API v2.

What it answers is shaped by the product's own documentation and test data, read and not copied. kobotoolbox/kpi
(AGPL-3.0): ``kpi/views/v2/data.py`` and ``kpi/docs/api/v2/data/list.md`` (paging, `query`, `sort`),
``kpi/utils/mongo_helper.py`` (which operators a `query` may have), ``parsed_instance.py`` of the viewer (what the
product adds; `_submission_time` never moves), ``jsapp/js/submissionUtils.mocks.es6`` (groups, repeats).
ConservationMetrics/gc-scripts-hub (MIT): ``f/connectors/kobotoolbox/tests/assets/server_responses.py``. Limits of a
page: kpi pull requests 6472 and 6689.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from operator import itemgetter
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from hm_fhir.testing.exchange import Request
from hm_fhir.testing.local_systems.served import Said, ServedSystem

TOKEN = "0d4c1b6f5e2a4f7c9b8d3e6a1f0c5b7d2e9a8c41"  # noqa: S105  (of a system that exists in tests only)
ASSET = "aHm2zVtPqRkW8sLxNcYbD4"
_STATUSES = {
    "validation_status_approved": "Approved",
    "validation_status_not_approved": "Not Approved",
    "validation_status_on_hold": "On Hold",
}
_TESTS: dict[str, Callable[[Any, Any], bool]] = {
    "$gt": lambda value, bound: value is not None and value > bound,
    "$gte": lambda value, bound: value is not None and value >= bound,
    "$lt": lambda value, bound: value is not None and value < bound,
    "$lte": lambda value, bound: value is not None and value <= bound,
    "$in": lambda value, bound: value in bound,
    "$exists": lambda value, bound: (value is not None) == bool(bound),
}


class KoboSystem(ServedSystem):
    """A form in KoboToolbox.

    ``native`` is what the form asked, as the API gives it: groups as names with ``/``, repeats as lists whose members
    repeat the whole path, everything a text; an answer left empty has no name. Of what the product adds it may hold
    ``_validation_status``, ``_submitted_by``, ``_geolocation``, ``_attachments`` and the meta questions of a form
    (``start``, ``end``, ``username``…). The rest is added here. Saving a key again is an edit in the web form.

    Args:
        folder: where the token is written.
        asset: uid of the form.
        first_id: ``_id`` of the first submission.
        largest_page: most submissions in one answer, whatever is asked (``MAX_API_PAGE_SIZE``).
        default_page: how many when nothing is asked (``DEFAULT_API_PAGE_SIZE``).

    Attributes:
        submissions: by key, as they are answered.
    """

    def __init__(
        self,
        folder: Path,
        *,
        asset: str = ASSET,
        first_id: int = 412_000_017,
        largest_page: int = 1000,
        default_page: int = 100,
    ) -> None:
        super().__init__(folder)
        self.submissions: dict[str, dict[str, Any]] = {}
        self._asset = asset
        self._next_id = first_id
        self._largest_page = largest_page
        self._default_page = default_page
        self._token = self.secret("kobo.token", TOKEN)
        self._edits = 0

    @property
    def options(self) -> dict[str, Any]:
        """What a source needs in its settings, beside its kind."""
        return {"url": self.url, "asset": self._asset, "auth": {"kind": "token", "token": self._token}}

    def save(self, document: Mapping[str, Any]) -> None:
        """Submit a form, or edit what was submitted under the same key.

        Args:
            document: ``key``, ``changed`` (ISO 8601 with a zone), ``native``.
        """
        key, native = str(document["key"]), dict(document["native"])
        moment = self.pass_time(datetime.fromisoformat(document["changed"]))
        with self._lock:
            before = self.submissions.get(key)
            self._edits += before is not None
            instance = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self._asset}/{key}/{self._edits if before else 0}"))
            if before is None:
                identity, submitted = self._next_id, moment.strftime("%Y-%m-%dT%H:%M:%S")
                self._next_id += 3  # other forms of the same server count, too
                meta = {"meta/rootUuid": f"uuid:{instance}"}
            else:
                identity, submitted = before["_id"], before["_submission_time"]
                meta = {"meta/rootUuid": before["meta/rootUuid"], "meta/deprecatedID": before["meta/instanceID"]}
                # The web form writes the end of the edit.
                native["end"] = moment.isoformat(timespec="milliseconds")
            self.submissions[key] = {
                "_id": identity,
                "formhub/uuid": uuid.uuid5(uuid.NAMESPACE_URL, self._asset).hex,
                "__version__": "vHm3tQbW9xKcLpRzNdYs2E",
                **native,
                "meta/instanceID": f"uuid:{instance}",
                **meta,
                "_xform_id_string": self._asset,
                "_uuid": instance,
                "_attachments": native.get("_attachments", []),
                "_status": "submitted_via_web",
                "_geolocation": native.get("_geolocation", [None, None]),
                "_submission_time": submitted,
                "_tags": [],
                "_notes": [],
                "_validation_status": native.get("_validation_status", (before or {}).get("_validation_status", {})),
                "_submitted_by": native.get("_submitted_by"),
            }

    def edit_in_bulk(self, key: str, changed: datetime, answers: Mapping[str, str]) -> None:
        """Change answers in the table of submissions: a new instance, and no time at all tells of it.

        Source: kpi ``kpi/docs/api/v2/data/bulk_update.md`` and ``kpi/deployment_backends/mock_backend.py``.
        """
        self.pass_time(changed)
        with self._lock:
            before = self.submissions[key]
            self._edits += 1
            instance = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self._asset}/{key}/{self._edits}"))
            said = {"meta/instanceID": f"uuid:{instance}", "meta/deprecatedID": before["meta/instanceID"]}
            self.submissions[key] = {**before, **answers, **said, "_uuid": instance}

    def judge(self, key: str, changed: datetime, status: str | None) -> None:
        """Give a submission a validation status, or take it away.

        Args:
            key: of the submission.
            changed: when.
            status: ``validation_status_approved``, …; None: none any more, and nothing tells when it went.
        """
        moment = self.pass_time(changed)
        judged = {
            "timestamp": int(moment.timestamp()),
            "uid": status,
            "by_whom": "coordinator",
            "label": _STATUSES.get(status or "", ""),
        }
        with self._lock:
            self.submissions[key]["_validation_status"] = judged if status else {}

    def delete(self, key: str, changed: datetime | str | None = None) -> None:
        """Delete a submission: it is in no answer any more.

        Raises:
            KeyError: there is none.
        """
        if changed is not None:
            self.pass_time(datetime.fromisoformat(changed) if isinstance(changed, str) else changed)
        with self._lock:
            del self.submissions[key]

    def error(self, status: int) -> Any:
        """Return the body of an error, as Django REST framework writes it."""
        texts = {
            401: "Invalid token.",
            404: "Not found.",
            429: "Request was throttled. Expected available in 2 seconds.",
        }
        return {"detail": texts.get(status, "A server error occurred.")}

    def answer(self, request: Request) -> Said:
        """Return a page of submissions."""
        authorization = request.headers.get("authorization")
        if authorization is not None and authorization != f"Token {TOKEN}":
            return Said(self.error(401), 401, {"WWW-Authenticate": "Token"})
        # A form that the user may not see is not there for him.
        known = re.fullmatch(rf"api/v2/assets/{self._asset}/data(\.json)?", request.path)
        if authorization is None or known is None or request.method != "GET":
            return Said(self.error(404), 404)
        asked = dict(request.query)
        try:
            query, sort = (json.loads(asked.get(name, "{}")) for name in ("query", "sort"))
            found = [one for one in self.submissions.values() if _meets(one, query)]
        except (ValueError, TypeError, KeyError):
            return Said({"detail": "The parameter `query` is not valid."}, 400)
        for name, direction in list(sort.items())[:1] if len(sort) == 1 else []:
            found.sort(key=itemgetter(name), reverse=int(direction) < 0)
        start = _whole(asked.get("start"), 0)
        limit = min(_whole(asked.get("limit"), self._default_page) or self._default_page, self._largest_page)
        return Said(
            {
                "count": len(found),
                "next": self._link(request, asked, start + limit, limit) if start + limit < len(found) else None,
                "previous": self._link(request, asked, max(0, start - limit), limit) if start else None,
                "results": found[start : start + limit],
            }
        )

    def _link(self, request: Request, asked: Mapping[str, str], start: int, limit: int) -> str:
        return f"{self.url}/{request.path}?{urlencode({**asked, 'limit': limit, 'start': start})}"


def _meets(submission: Mapping[str, Any], query: Mapping[str, Any]) -> bool:
    """Return whether a submission meets a MongoDB query with the operators that the product lets through.

    Raises:
        KeyError: another operator.
    """
    for name, wanted in query.items():
        if name == "$or":
            met = any(_meets(submission, one) for one in wanted)
        elif name == "$and":
            met = all(_meets(submission, one) for one in wanted)
        else:
            value = _value(submission, name)
            tests = wanted if isinstance(wanted, dict) else {"$in": [wanted]}
            met = all(_TESTS[operator](value, bound) for operator, bound in tests.items())
        if not met:
            return False
    return True


def _value(submission: Mapping[str, Any], name: str) -> Any:
    outer, _, inner = name.partition(".")
    # Only the validation status is asked with a dot; in other names a dot is a letter (`NESTED_MONGO_RESERVED…`).
    if inner and outer == "_validation_status":
        return submission.get(outer, {}).get(inner)
    return submission.get(name)


def _whole(text: str | None, default: int) -> int:
    return int(text) if text is not None and text.isdigit() else default


LOCAL_SYSTEM = KoboSystem
