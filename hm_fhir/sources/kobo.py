"""KoboToolbox: the submissions of one form, by API v2.

Shapes: documentation of the endpoint (kobotoolbox/kpi ``kpi/views/v2/data.py``, ``kpi/docs/api/v2/data/list.md``),
its test data (``jsapp/js/submissionUtils.mocks.es6``) and recorded answers (ConservationMetrics/gc-scripts-hub
``f/connectors/kobotoolbox/tests/assets/server_responses.py``).

What the API tells of changes: ``_submission_time`` is the time of the first submission and never moves (kpi
``parsed_instance.py``; kpi issue 7259: "no way to detect edited submissions"). An edited submission carries
``meta/deprecatedID``, a new status a ``timestamp``. So each reading asks for what was submitted lately, for what was
ever edited, and for what was judged lately. Pages follow ``_id``, not positions: a deletion in between moves nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import Annotated, Any, Literal

from msgspec import structs
from pydantic import Field, StringConstraints

from hm_fhir.errors import OperatorNeeded
from hm_fhir.fhir.json import to_json
from hm_fhir.http.answers import server_time
from hm_fhir.http.client import HttpReader, Page
from hm_fhir.http.options import HttpOptions
from hm_fhir.sources.base import Item, ReaderKind, Record, Remark, SourceContext
from hm_fhir.sources.cursor import Bookmark

Status = Literal["none", "approved", "on-hold", "not-approved"]
CHANGED = "_changed"
"""Name of the time that this reader adds: the latest that a submission says of itself."""

_STATUS_PREFIX = "validation_status_"
# Names that the product adds; a form whose labels are Cyrillic has questions with names such as `_001`.
_OF_PRODUCT = frozenset(
    {"_id", "_uuid", "_xform_id_string", "_xform_id", "_userform_id", "_status", "_submission_time", "_date_modified"}
    | {
        "_attachments",
        "_geolocation",
        "_tags",
        "_notes",
        "_validation_status",
        "_submitted_by",
        "_supplementalDetails",
    }
    | {"_bamboo_dataset_id", "_deleted_at", "__version__", "_version_", "formhub/uuid"}
    | {"username", "deviceid", "phonenumber", "email", "simserial", "subscriberid", "imei"}
)
_ENCRYPTED = ("encryptedXmlFile", "base64EncryptedKey")
_TIME = "%Y-%m-%dT%H:%M:%S"


class KoboOptions(HttpOptions):
    """Settings of a form in KoboToolbox."""

    asset: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{1,40}$")] = Field(
        description="uid of the form: the part of its address after `forms/`"
    )
    statuses: tuple[Status, ...] = Field(
        default=("none", "approved", "on-hold"),
        min_length=1,
        description="validation statuses that are read; `none` has not been judged. What has another one is counted, "
        "and withdrawn if it was read before",
    )
    incremental: bool = Field(
        default=True,
        description="read what changed; with false everything is read each time, so that deleted submissions can be "
        "noticed (see `missing`)",
    )
    overlap_days: Annotated[float, Field(ge=0, le=3650)] = Field(
        default=7,
        description="how many days of submissions before the last reading are read again: KoboToolbox can show a "
        "submission later than the time that it bears",
    )
    page_size: Annotated[int, Field(ge=1, le=30_000)] = Field(
        default=500, description="most submissions in one answer; KoboToolbox allows 1000 (kobotoolbox.org, 2026)"
    )


class _Position(Bookmark, frozen=True):
    """Where reading is.

    Attributes:
        since: begin of the last complete reading by the server's clock; None: read everything.
        began: begin of this reading; None: between two readings.
        after: greatest ``_id`` of the pages that are done.
    """

    since: datetime | None = None
    began: datetime | None = None
    after: int | None = None


class KoboReader:
    """Reads the submissions of a form.

    Args:
        options: settings.
        context: the deployment.
    """

    def __init__(self, options: KoboOptions, context: SourceContext) -> None:
        self.incremental = options.incremental
        self._options = options
        self._path = f"api/v2/assets/{options.asset}/data.json"
        self._folder = context.folder
        self._wanted: frozenset[str] = frozenset()

    def want(self, names: tuple[str, ...]) -> None:
        """Pass on these columns also where they are of the product, not of the form: device, user, status, place."""
        self._wanted = frozenset(names)

    def count(self) -> int | None:
        """Return how many submissions the form has."""
        with self._http() as http:
            said = http.get_json(self._path, {"limit": 1})
        count = said.get("count") if isinstance(said, dict) else None
        return count if isinstance(count, int) else None

    def records(self, since: str | None = None) -> Iterator[Item]:
        """Yield submissions, ascending by ``_id``. See `Reader.records`."""
        with self._http() as http:
            yield from self._items(http, _Position.of(since) if self.incremental else _Position())

    def _http(self) -> HttpReader:
        return HttpReader(self._options, self._folder)

    def _items(self, http: HttpReader, position: _Position) -> Iterator[Item]:
        place = f"form {self._options.asset}"
        skipped: Counter[str] = Counter()
        first = self._parameters(position, position.after)
        for page in http.pages(self._path, first, following=partial(self._following, position)):
            results = self._results(page, position.after)
            if position.began is None:
                position = structs.replace(position, began=server_time(page.headers, datetime.now(UTC)))
            for submission in results:
                yield from self._record(submission, place, skipped)
            if results:
                position = structs.replace(position, after=results[-1]["_id"])
            if self.incremental:
                yield position.checkpoint()
        if self.incremental:
            yield _Position(since=position.began).checkpoint()
        yield from _remarks(place, skipped)

    def _parameters(self, position: _Position, after: int | None) -> dict[str, str | int]:
        query: dict[str, Any] = {} if after is None else {"_id": {"$gt": after}}
        if position.since is not None:
            moment = position.since - timedelta(days=self._options.overlap_days)
            text = moment.astimezone(UTC).strftime(_TIME)
            query["$or"] = [
                {"_submission_time": {"$gte": text}},
                {"meta/deprecatedID": {"$exists": True}},
                {"_validation_status.timestamp": {"$gte": int(moment.timestamp())}},
                # Not there today; proposed in kpi pull request 7260. A condition on an absent key is just not met.
                {"_date_modified": {"$gte": text}},
            ]
        parameters: dict[str, str | int] = {"limit": self._options.page_size, "sort": '{"_id":1}'}
        return {**parameters, "query": to_json(query).decode()} if query else parameters

    def _following(self, position: _Position, page: Page) -> dict[str, str | int] | None:
        if not isinstance(page.content, dict) or not page.content.get("next"):
            return None
        results = self._results(page, None)
        return self._parameters(position, results[-1]["_id"]) if results else None

    def _results(self, page: Page, after: int | None) -> list[dict[str, Any]]:
        """Return the submissions of a page.

        Raises:
            OperatorNeeded: this is no page of submissions, or not the one that was asked for.
        """
        results = page.content.get("results") if isinstance(page.content, dict) else None
        ids = [one["_id"] for one in results or () if isinstance(one, dict) and isinstance(one.get("_id"), int)]
        bounds = ids if after is None else [after, *ids]
        if not isinstance(results, list) or len(ids) < len(results) or any(a >= b for a, b in pairwise(bounds)):
            raise OperatorNeeded(
                "the answer is no page of submissions in the order of _id",
                code="not-kobo",
                place=f"{self._options.url}/{self._path}",
                fix="url is the address of KoboToolbox itself, such as https://eu.kobotoolbox.org",
            )
        return results

    def _record(self, submission: dict[str, Any], place: str, skipped: Counter[str]) -> Iterator[Record]:
        identity = str(submission["_id"])
        where = f"{place} submission {identity}"
        attachments = submission.get("_attachments")
        skipped["attachments"] += len(attachments) if isinstance(attachments, list) else 0
        status = _status(submission)
        if status not in self._options.statuses:
            skipped[status] += 1
            # It may have been read when its status was another one.
            yield Record(where, {}, document=identity, deleted=True)
        elif any(name in submission for name in _ENCRYPTED):
            skipped["encrypted"] += 1
        else:
            yield Record(where, self._values(submission), document=identity)

    def _values(self, submission: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the form asked, and of the rest what the fields name."""
        values = {name: value for name, value in submission.items() if not _is_of_product(name)}
        values.update({name: value for name, value in submission.items() if name in self._wanted})
        if self._wants("_geolocation") and any(one is not None for one in submission.get("_geolocation") or ()):
            values["_geolocation"] = submission["_geolocation"]
        elif "_geolocation" in values:
            del values["_geolocation"]
        if self._wants("_validation_status"):
            judged = submission.get("_validation_status") or {}
            named = "_validation_status.by_whom" in self._wanted
            values["_validation_status"] = {key: one for key, one in judged.items() if named or key != "by_whom"}
        if CHANGED in self._wanted:
            values[CHANGED] = _changed(submission, judged="_validation_status" in values)
        return values

    def _wants(self, name: str) -> bool:
        return any(one == name or one.startswith(f"{name}.") for one in self._wanted)


def _is_of_product(name: str) -> bool:
    return name in _OF_PRODUCT or name.startswith("meta/")


def _status(submission: Mapping[str, Any]) -> str:
    judged = submission.get("_validation_status")
    uid = judged.get("uid") if isinstance(judged, dict) else None
    return str(uid).removeprefix(_STATUS_PREFIX).replace("_", "-") if uid else "none"


def _changed(submission: Mapping[str, Any], *, judged: bool) -> str | None:
    """Return the latest time that a submission says of itself, in UTC.

    Who edits a submission in the web form saves it with a new ``end``; its ``_submission_time`` stays.
    """
    moments = [_utc(submission.get(name)) for name in ("_submission_time", "_date_modified")]
    if "meta/deprecatedID" in submission:
        moments.append(_utc(submission.get("end")))
    stamp = (submission.get("_validation_status") or {}).get("timestamp") if judged else None
    if isinstance(stamp, int):
        moments.append(datetime.fromtimestamp(stamp, UTC))
    known = [moment for moment in moments if moment is not None]
    return max(known).isoformat() if known else None


def _utc(text: object) -> datetime | None:
    """Return a time; the product's own are in UTC and do not say so."""
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    if moment is None:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _remarks(place: str, skipped: Counter[str]) -> Iterator[Remark]:
    said = {
        "attachments": ("attachments", "{} attached files (photos, sound) are not read"),
        "encrypted": ("encrypted", "{} submissions are encrypted and cannot be read here"),
    }
    for name, number in sorted(skipped.items()):
        if number:
            code, message = said.get(name, ("status", f"{{}} submissions with status {name!r} are not read"))
            yield Remark(place, code, message.format(number))


KIND = ReaderKind("kobo", KoboOptions, KoboReader, "the submissions of a form in KoboToolbox (API v2)")
