"""Tables of a database: what changed since the last run, or all rows; rows of child tables as lists.

Tried with PostgreSQL and SQLite. See `hm_fhir.sources.sql_position` for what is read again, and why.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal, Self
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from hm_fhir.config import SecretReference, Section, read_secret
from hm_fhir.errors import HmFhirError, SettingsError
from hm_fhir.sources.base import Item, ReaderKind, SourceContext

if TYPE_CHECKING:
    from hm_fhir.sources.sql_database import Database

_REFERENCES = ("env:", "file:")
Column = Annotated[str, StringConstraints(min_length=1, max_length=200)]


def _without_password(url: str) -> str:
    if url.startswith(_REFERENCES):
        return url
    try:
        parts = urlsplit(url)
        secret = parts.password is not None or "password" in parse_qs(parts.query)
    except ValueError:
        raise ValueError("this is no database URL") from None
    if secret:
        raise ValueError('write no password here: password = "env:NAME", or url = "file:PATH" for the whole URL')
    return url


def _one_select(query: str) -> str:
    text = query.strip().removesuffix(";").rstrip()
    if text.split(None, 1)[0].upper() not in ("SELECT", "WITH") if text else True:
        raise ValueError("a query begins with SELECT or WITH")
    return text


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError("unknown time zone; use a name such as Europe/Sofia or UTC") from None
    return name


class ChildTable(Section):
    """A table whose rows belong to the rows of another one."""

    table: Column = Field(description="table or view, `schema.table` where it has a schema")
    parent: Column = Field(description="its column that says to which row a row belongs")
    parent_key: Column | None = Field(
        default=None, description="the column that `parent` refers to; the key of the parent table if absent"
    )
    order: tuple[Column, ...] = Field(
        min_length=1, description="its columns that give the order of the list, such as its own key"
    )
    columns: tuple[Column, ...] = Field(default=(), description="its columns that are read; all when empty")


class SqlOptions(Section):
    """Settings of a table or a query."""

    url: Annotated[str, AfterValidator(_without_password)] = Field(
        description="SQLAlchemy URL without a password, or the reference (`env:`, `file:`) of one with it: "
        "`postgresql://reader@db.example.org/register`, `sqlite:///register.db` (relative to the settings file)"
    )
    password: SecretReference | None = Field(default=None, description="reference to the password")
    table: Column | None = Field(default=None, description="table or view, `schema.table` where it has a schema")
    query: Annotated[str, AfterValidator(_one_select)] | None = Field(
        default=None, description="one SELECT instead of a table; `updated_at`, `key` and others name its columns"
    )
    columns: tuple[Column, ...] = Field(
        default=(), description="columns that are read, beside `key`, `updated_at` and `deleted`; all when empty"
    )
    key: tuple[Column, ...] = Field(
        min_length=1, description="columns that make a row unique and never change: the identity of the document"
    )
    updated_at: Column | None = Field(
        default=None,
        description="column with the time of the last change: only what changed is read; absent: all rows each time",
    )
    updated_as: Literal["time", "seconds", "milliseconds", "number"] = Field(
        default="time",
        description="what that column counts: a time (or ISO text), seconds or milliseconds since 1970, or a number "
        "that grows with each change",
    )
    zone: Annotated[str, AfterValidator(_zone)] | None = Field(
        default=None, description="zone of `updated_at` where it has none; when absent, the cautious one is taken"
    )
    overlap_seconds: Annotated[float, Field(ge=0, le=30 * 86_400)] = Field(
        default=3600,
        description="so much before the last change the next run begins: longer than the longest transaction and the "
        "largest error of clocks in the local system",
    )
    overlap_numbers: Annotated[int, Field(ge=0)] = Field(
        default=1000, description="the same where `updated_as` is number"
    )
    deleted: Column | None = Field(
        default=None, description="column that says a row is deleted: true, not zero, or the time of deletion"
    )
    children: dict[Column, ChildTable] = Field(
        default_factory=dict, description="lists in a record: their name, and the table that holds their rows"
    )
    page_size: Annotated[int, Field(ge=1, le=20_000)] = Field(
        default=500, description="most rows in one transaction, and in memory"
    )
    timeout_seconds: Annotated[float, Field(gt=0, le=3600)] = Field(default=60, description="longest statement")
    connect_timeout_seconds: Annotated[float, Field(gt=0, le=600)] = Field(
        default=10, description="longest wait for a connection"
    )
    quick_attempts: Annotated[int, Field(ge=1, le=10)] = Field(
        default=4, description="attempts of one page, some seconds apart, before reading stops until the next run"
    )

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if (self.table is None) == (self.query is None):
            raise ValueError("give either table or query")
        if any(child.parent_key is None for child in self.children.values()) and len(self.key) > 1:
            raise ValueError("parent_key is needed where the key has several columns")
        return self


class SqlReader:
    """Reads a table or a query.

    Args:
        options: settings.
        context: the deployment.
    """

    def __init__(self, options: SqlOptions, context: SourceContext) -> None:
        self.incremental = options.updated_at is not None
        self._options = options
        self._context = context

    def count(self) -> int | None:
        """Return the number of rows, or None when that takes too long."""
        from hm_fhir.sources.sql_reading import count_rows

        try:
            with self._open() as database:
                return count_rows(self._options, database)
        except HmFhirError:
            return None

    def records(self, since: str | None = None) -> Iterator[Item]:
        """Yield the rows in the order of their change and key; see `Reader.records`."""
        with self._open() as database:
            from hm_fhir.sources.sql_reading import Reading

            yield from Reading(self._options, self._context.zone, database).items(since)

    def _open(self) -> Database:
        try:
            from hm_fhir.sources.sql_database import Database
        except ModuleNotFoundError:
            raise SettingsError(
                "SQLAlchemy is not installed", place="kind = sql", fix="pip install 'hm-fhir[sql]'"
            ) from None
        options = self._options
        url, folder = options.url, self._context.folder
        if url.startswith(_REFERENCES):
            url = read_secret(url, folder)
        return Database(
            url,
            password=read_secret(options.password, folder) if options.password else None,
            name=options.table or "the query",
            folder=folder,
            timeout_seconds=options.timeout_seconds,
            connect_timeout_seconds=options.connect_timeout_seconds,
            quick_attempts=options.quick_attempts,
        )


KIND = ReaderKind(
    "sql",
    SqlOptions,
    SqlReader,
    "table or query of a database, incremental by time of change (PostgreSQL, SQLite, …)",
)
