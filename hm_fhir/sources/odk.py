"""ODK Central: the submissions of a form through its OData feed, with repeats, edits, review states and deletions.

How nothing is lost while the form is used:

- The feed gives submissions newest first by the time they were submitted, which never changes; ``$orderby`` and
  ``$skiptoken`` exclude each other there. So pages do not shift: what arrives meanwhile stands before the first page.
- One ``$filter`` asks for what was submitted, updated *or* deleted since; it has no upper end. The next reading
  begins at the newest of these times in the first page (less an overlap, for uploads that were committed late). The
  server had not told any later time when reading began, whatever its clock says, so all that came later is read then.
- A deletion that is taken back changes no time. So a cursor remembers what was told as deleted; what is not among the
  deleted ones any more is asked for by itself, and is there again, or destroyed.
- A cursor within a reading holds the time of the last submission, not the token of the next page: Central answers a
  token whose submission was purged with an empty page.

Repeats come with their submission (``$expand=*``), so that both are of the same version; the tables of repeats are
for servers that cannot do that, or submissions too large for it.

Source of the shapes: getodk/central-backend (Apache-2.0), ``test/integration/api/odata.js``, ``lib/data/odata.js``,
``lib/data/odata-filter.js``, ``lib/model/query/submissions.js``.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal
from urllib.parse import quote

from msgspec import field, structs
from pydantic import Field, StringConstraints
from requests.auth import AuthBase

from hm_fhir.config import SecretReference, Section, read_secret
from hm_fhir.errors import SettingsError
from hm_fhir.http.auth import BasicAuth, BearerAuth, HeaderAuth
from hm_fhir.http.client import HttpReader, Page, Parameters
from hm_fhir.http.options import HttpOptions
from hm_fhir.sources.base import Item, ReaderKind, Record, Remark, SourceContext
from hm_fhir.sources.cursor import Bookmark
from hm_fhir.sources.odk_tables import SUBMISSIONS, RepeatTables, Row, form_only, next_link, rows_of

ReviewState = Literal["received", "hasIssues", "edited", "rejected", "approved"]
"""``received`` is what Central writes as null."""
_OF_SUBMITTERS = ("submitterId", "submitterName", "deviceId")
"""What ``__system`` tells of people who submit."""


class SessionAuth(Section):
    """A web user of ODK Central, who logs in for a session."""

    kind: Literal["session"]
    email: Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$")] = Field(
        description="e-mail address of the user; the role Project Viewer is enough"
    )
    password: SecretReference = Field(description="reference to the password")


OdkAuth = Annotated[SessionAuth | BasicAuth | BearerAuth, Field(discriminator="kind")]


class OdkOptions(HttpOptions):
    """Settings of a form in ODK Central."""

    auth: OdkAuth = Field(  # type: ignore[assignment]  # other kinds than HttpOptions has: `login` serves them
        description="who we are: a web user (`session`; `basic` works over https only), or a token (`bearer`)"
    )
    project: Annotated[int, Field(ge=1)] = Field(description="number of the project")
    form: Annotated[str, StringConstraints(min_length=1, max_length=500)] = Field(
        description="id of the form (xmlFormId), not its title"
    )
    withdrawn_review_states: tuple[ReviewState, ...] = Field(
        default=("rejected",),
        description="submissions in these review states count as deleted until their state changes",
    )
    repeats: Literal["expand", "tables"] = Field(
        default="expand", description="expand: inside their submission; tables: read one by one and joined"
    )
    deletions: bool = Field(
        default=True,
        description="whether deleted submissions are asked for; false for ODK Central before 2024.3, which does not "
        "know them",
    )
    overlap_seconds: Annotated[int, Field(ge=0, le=86_400)] = Field(
        default=600, description="so much before the end of the last reading the next one begins"
    )
    page_size: Annotated[int, Field(ge=1, le=10_000)] = Field(
        default=250, description="most submissions in one answer"
    )


class _Position(Bookmark, frozen=True):
    """Where a reading is.

    Attributes:
        since: the end of the reading before.
        newest: newest time in the first page of this reading, once there was one.
        before: submissions of this time and older are still to be read; None at the first page.
        trash: what was told as deleted, by its ``__id``: when it was submitted.
    """

    since: datetime | None = None
    newest: datetime | None = None
    before: datetime | None = None
    trash: dict[str, datetime] = field(default_factory=dict)

    def after(self, rows: list[Row]) -> _Position:
        """Return the position after a page."""
        times = [time for row in rows for time in _times(row)]
        newest = self.newest or max([*times, *([self.since] if self.since else [])])
        deleted = {row["__id"]: _submitted(row) for row in rows if row["__system"].get("deletedAt")}
        return _Position(self.since, newest, _submitted(rows[-1]), self.trash | deleted)

    def whole(self) -> _Position:
        """Return the position without its upper end."""
        return structs.replace(self, before=None)

    def end(self) -> _Position:
        return _Position(self.newest or self.since, trash=self.trash)


@dataclass(slots=True)
class _Seen:
    """What one reading met, for its remarks."""

    submissions: int = 0
    encrypted: int = 0


class OdkReader:
    """Yields the submissions of a form as records, one for each.

    A record holds the row as Central gives it: groups are objects, repeats lists of objects, an empty answer is None,
    a choice of several is one text with spaces. What Central adds (``__id``, ``__system`` with times and review
    state, ``meta``) is there as far as it is wanted.

    Args:
        options: settings.
        context: the deployment.
    """

    incremental = True

    def __init__(self, options: OdkOptions, context: SourceContext) -> None:
        self._options = options
        self._wanted: frozenset[str] | None = None
        self._folder = context.folder
        self._service = f"v1/projects/{options.project}/forms/{quote(options.form, safe='')}.svc"
        self._place = f"form {options.form}"

    def want(self, names: Iterable[str]) -> None:
        """Take the names of the columns that are needed: what Central adds to the form is passed on only then."""
        self._wanted = frozenset(names)

    def count(self) -> int | None:
        """Return the number of submissions."""
        with self._http() as http:
            content = http.get_json(
                f"{self._service}/{SUBMISSIONS}", {"$top": 0, "$count": "true"}, place=self._place
            )
        count = content.get("@odata.count") if isinstance(content, dict) else None
        return count if isinstance(count, int) else None

    def records(self, since: str | None = None) -> Iterator[Item]:
        """Yield what was submitted, edited, reviewed or deleted. See `Reader.records`."""
        position = _Position.of(since)
        seen = _Seen()
        with self._http() as http:
            tables = self._tables(http) if self._options.repeats == "tables" else None
            if position.trash:
                position = yield from self._taken_back(http, tables, position, seen)
            while True:
                began_at, ended_empty = position, False
                for page in self._pages(http, self._conditions(position)):
                    rows = [_checked(row, self._place) for row in rows_of(page.content, self._place)]
                    ended_empty = page.number > 0 and not rows
                    if not rows:
                        break
                    if tables is not None:
                        tables.join(rows, self._filter_of_repeats(position, rows))
                    yield from self._records(rows, seen)
                    position = position.after(rows)
                    if next_link(page):
                        yield position.checkpoint()
                if not ended_empty or position == began_at:
                    break
                # A link promised more, and led nowhere: go on by time.
        yield from self._remarks(seen)
        yield position.end().checkpoint()

    def _http(self) -> HttpReader:
        auth = self._options.auth
        login = self._login(auth) if isinstance(auth, SessionAuth) else None
        return HttpReader(self._options, self._folder, login=login)

    def _login(self, auth: SessionAuth) -> Callable[[HttpReader], AuthBase]:
        password = read_secret(auth.password, self._folder)

        def login(http: HttpReader) -> AuthBase:
            answer = http.post_json("v1/sessions", {"email": auth.email, "password": password})
            token = answer.get("token") if isinstance(answer, dict) else None
            if not isinstance(token, str):
                raise SettingsError(
                    "the login gives no session",
                    code="no-session",
                    place="v1/sessions",
                    fix="the url of this source is the base of ODK Central, such as https://odk.example.org",
                )
            return HeaderAuth("Bearer", token)

        return login

    def _tables(self, http: HttpReader) -> RepeatTables:
        return RepeatTables(http, self._service, place=self._place, page_size=self._options.page_size)

    def _taken_back(
        self, http: HttpReader, tables: RepeatTables | None, position: _Position, seen: _Seen
    ) -> Generator[Item, None, _Position]:
        """Yield what was deleted once and is there again, and return the position without it."""
        deleted: Parameters = {"$top": self._options.page_size, "$filter": "__system/deletedAt ne null"}
        there = {row.get("__id") for page in self._asked(http, deleted) for row in rows_of(page.content, self._place)}
        for key, submitted in position.trash.items():
            if key in there:
                continue
            for page in self._pages(http, _submitted_between(submitted, submitted)):
                rows = [_checked(row, self._place) for row in rows_of(page.content, self._place)]
                rows = [row for row in rows if row["__id"] == key]
                if tables is not None and rows:
                    tables.join(rows, self._filter_of_repeats(_Position(), rows))
                yield from self._records(rows, seen)
        position = structs.replace(position, trash={key: at for key, at in position.trash.items() if key in there})
        yield position.checkpoint()
        return position

    def _pages(self, http: HttpReader, conditions: list[str]) -> Iterator[Page]:
        params: dict[str, str | int | list[str]] = {"$top": self._options.page_size}
        if self._options.repeats == "expand":
            params["$expand"] = "*"
        if conditions:
            params["$filter"] = " and ".join(conditions)
        return self._asked(http, params)

    def _asked(self, http: HttpReader, params: Parameters) -> Iterator[Page]:
        try:
            yield from http.pages(f"{self._service}/{SUBMISSIONS}", params, following=next_link, place=self._place)
        except SettingsError as error:
            if error.code != "not-understood" or not self._options.deletions:
                raise
            raise SettingsError(
                error.message,
                code=error.code,
                place=error.place,
                fix="ODK Central before 2024.3 does not tell deletions: write deletions = false for such a server",
            ) from None

    def _conditions(self, position: _Position) -> list[str]:
        """Return what a submission must fulfil to be read.

        To name `deletedAt` is what lets deleted submissions pass.
        """
        conditions = []
        if position.since is not None:
            begin = _literal(position.since - timedelta(seconds=self._options.overlap_seconds))
            fields = ("submissionDate", "updatedAt", *(("deletedAt",) if self._options.deletions else ()))
            conditions.append(f"({' or '.join(f'__system/{field} ge {begin}' for field in fields)})")
        elif self._options.deletions:
            conditions.append("(__system/deletedAt eq null or __system/deletedAt ne null)")
        if position.before is not None:
            conditions.append(f"__system/submissionDate le {_literal(_just_after(position.before))}")
        return conditions

    def _filter_of_repeats(self, position: _Position, rows: list[Row]) -> str:
        """Return the filter of tables of repeats for one page: between its first and its last submission."""
        conditions = _submitted_between(_submitted(rows[-1]), _submitted(rows[0]))
        if position.since is not None:
            conditions += self._conditions(position.whole())
        return " and ".join(conditions).replace("__system/", "$root/Submissions/__system/")

    def _records(self, rows: list[Row], seen: _Seen) -> Iterator[Record]:
        for row in rows:
            seen.submissions += 1
            place = f"{self._place}, submission {seen.submissions} of this reading"
            system = row["__system"]
            state = system.get("reviewState") or "received"
            if system.get("deletedAt") or state in self._options.withdrawn_review_states:
                yield Record(place, {}, document=row["__id"], deleted=True)
            elif system.get("status"):
                seen.encrypted += 1
            else:
                yield Record(place, self._values(row), document=row["__id"])

    def _values(self, row: Row) -> Row:
        """Return the answers, and of what Central adds what is wanted."""
        answers = form_only(row, self._place, expanded=self._options.repeats == "expand")
        added: Row = {name: row[name] for name in ("__id", "__system", "meta") if name in row}
        if self._wanted is None:
            added["__system"] = {key: one for key, one in row["__system"].items() if key not in _OF_SUBMITTERS}
            return {**added, **answers}
        for name in [name for name in added if name not in self._wanted]:
            whole = added.pop(name)
            if isinstance(whole, dict) and (parts := [key for key in whole if f"{name}.{key}" in self._wanted]):
                added[name] = {key: whole[key] for key in parts}
        return {**added, **answers}

    def _remarks(self, seen: _Seen) -> Iterator[Remark]:
        if seen.encrypted:
            yield Remark(
                self._place,
                "encrypted",
                f"{seen.encrypted} submissions are encrypted and were not read: OData does not decrypt; use a form "
                "without encryption",
            )
        if not self._options.deletions:
            yield Remark(self._place, "no-deletions", "deleted submissions are not asked for (deletions = false)")


def _checked(row: Row, place: str) -> Row:
    """Return the row of a submission that has what reading needs.

    Raises:
        SettingsError: it has not.
    """
    system = row.get("__system")
    times = _times(row) if isinstance(system, dict) and "submissionDate" in system else []
    if not isinstance(row.get("__id"), str) or not times:
        raise SettingsError(
            "a row has no __id or no submissionDate",
            code="not-odata",
            place=place,
            fix="the url of this source is the base of ODK Central, such as https://odk.example.org",
        )
    return row


def _times(row: Row) -> list[datetime]:
    system = row["__system"]
    if _time(system.get("submissionDate")) is None:
        return []
    return [time for field in ("submissionDate", "updatedAt", "deletedAt") if (time := _time(system.get(field)))]


def _submitted(row: Row) -> datetime:
    return _times(row)[0]


def _time(value: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo else None


def _submitted_between(oldest: datetime, newest: datetime) -> list[str]:
    return [
        f"__system/submissionDate ge {_literal(oldest)}",
        f"__system/submissionDate le {_literal(_just_after(newest))}",
    ]


def _just_after(time: datetime) -> datetime:
    """Return the first moment that is told as a later one: the server knows microseconds and tells milliseconds."""
    return time + timedelta(milliseconds=1)


def _literal(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


KIND = ReaderKind("odk", OdkOptions, OdkReader, "the submissions of a form in ODK Central (OData)")
