"""SQL is text in files: named, with a purpose each."""

from __future__ import annotations

from pathlib import Path

import pytest

import hm_fhir.outbox.sqlite
from hm_fhir.outbox.queries import all_queries, load_migrations, parse_queries, split_statements


def test_a_statement_has_a_name_a_purpose_and_its_text():
    (query,) = parse_queries("-- name: one\n-- Gives\n-- one.\nSELECT 1;\n", "x.sql")
    assert (query.name, query.purpose, query.sql) == ("one", "Gives one.", "SELECT 1;")


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1;",
        "-- name: one\nSELECT 1;",
        "-- name: one\n-- Two.\nSELECT 1;\nSELECT 2;",
        "-- name: one\n-- None.\n",
    ],
    ids=["no name", "no purpose", "two statements", "no statement"],
)
def test_a_sloppy_file_is_an_error(text):
    with pytest.raises(ValueError, match=r"x\.sql"):
        parse_queries(text, "x.sql")


def test_a_semicolon_in_a_text_or_comment_ends_nothing():
    text = "-- first; really\nSELECT ';';\n\nSELECT 2 -- two; and\n+ 1;\n-- the end\n"
    assert len(split_statements(text)) == 2


def test_a_statement_without_an_end_is_an_error():
    with pytest.raises(ValueError, match="semicolon"):
        split_statements("SELECT 1;\nSELECT 2\n")


def test_every_statement_is_used():
    code = "".join(file.read_text() for file in Path(hm_fhir.outbox.sqlite.__file__).parent.glob("*.py"))
    assert [query.name for query in all_queries() if f'_SQL["{query.name}"]' not in code] == []


def test_migrations_are_numbered_without_a_gap():
    assert [migration.number for migration in load_migrations()] == list(range(1, len(load_migrations()) + 1))
