"""The SQL of the store: named statements with a line of purpose each, and numbered migrations, all in text files.

A file of statements looks like this::

    -- name: known_activity
    -- The newest version of an activity.
    SELECT ...;
"""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from importlib.resources.abc import Traversable

_FOLDER = "sql"
_FILES = ("reading.sql", "intake.sql", "delivery.sql", "operator.sql")
_NAME_LINE = re.compile(r"^-- name: ([a-z_]+)$", re.MULTILINE)
_MIGRATION = re.compile(r"^(\d{4})_([a-z_]+)\.sql$")


@dataclass(frozen=True, slots=True)
class Query:
    """A named statement.

    Args:
        name: unique in the package.
        purpose: what it is for.
        sql: one statement with ``:named`` parameters.
    """

    name: str
    purpose: str
    sql: str


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered step of the schema.

    Args:
        number: from 1, without gaps.
        name: the rest of the file's name.
        statements: executed in order, in one transaction.
    """

    number: int
    name: str
    statements: tuple[str, ...]


def parse_queries(text: str, place: str) -> tuple[Query, ...]:
    """Return the statements of one file.

    Args:
        text: content of the file.
        place: name of the file, for the error.

    Raises:
        ValueError: a statement has no name, no purpose, or is not one statement.
    """
    head, *parts = _NAME_LINE.split(text)
    if head.strip():
        raise ValueError(f"{place}: text before the first name")
    queries = []
    for name, body in zip(parts[::2], parts[1::2], strict=True):
        lines = body.strip().splitlines()
        purpose = [line.removeprefix("-- ") for line in lines if line.startswith("-- ")]
        statements = split_statements("\n".join(line for line in lines if not line.startswith("--")))
        if not purpose or len(statements) != 1:
            raise ValueError(f"{place}: {name} needs a line of purpose and exactly one statement")
        queries.append(Query(name, " ".join(purpose), statements[0]))
    return tuple(queries)


def split_statements(text: str) -> tuple[str, ...]:
    """Return the statements of an SQL text; a semicolon in a comment, a string or a trigger ends none.

    Raises:
        ValueError: the last statement has no semicolon.
    """
    statements = []
    pending = ""
    for line in text.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            statements.append(pending.strip())
            pending = ""
    if any(line.strip() and not line.lstrip().startswith("--") for line in pending.splitlines()):
        raise ValueError("the last statement has no semicolon")
    return tuple(statements)


@cache
def all_queries() -> tuple[Query, ...]:
    """Return every named statement of the package.

    Raises:
        ValueError: two statements have one name.
    """
    queries = [query for name in _FILES for query in parse_queries(_read(_folder() / name), name)]
    names = [query.name for query in queries]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ValueError(f"two statements are called {', '.join(sorted(twice))}")
    return tuple(queries)


@cache
def load_queries() -> Mapping[str, str]:
    """Return name -> SQL of every named statement."""
    return MappingProxyType({query.name: query.sql for query in all_queries()})


@cache
def load_schema() -> tuple[str, ...]:
    """Return the statements that make the whole schema of a new store."""
    return split_statements(_read(_folder() / "schema.sql"))


@cache
def load_migrations() -> tuple[Migration, ...]:
    """Return the steps that led to the schema, in order.

    Raises:
        ValueError: a file name is wrong, or a number is missing or used twice.
    """
    migrations = []
    for file in _folder().joinpath("migrations").iterdir():
        match = _MIGRATION.match(file.name)
        if match is None:
            raise ValueError(f"{file.name} is not called like 0001_subject.sql")
        migrations.append(Migration(int(match[1]), match[2], split_statements(_read(file))))
    migrations.sort(key=lambda migration: migration.number)
    if [migration.number for migration in migrations] != list(range(1, len(migrations) + 1)):
        raise ValueError("the numbers of the migrations have a gap or a double")
    return tuple(migrations)


def _folder() -> Traversable:
    return files(__package__) / _FOLDER


def _read(file: Traversable) -> str:
    return file.read_text(encoding="utf-8")
