"""What somebody fills in is told, or its record is refused: no column vanishes without a word.

A record is reduced to what an activity cannot do without; then each other column is filled in it alone, with what the
sample says there. The activity is another one then, or there is a reason why there is none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from hm_fhir import fields_source
from hm_fhir.activities.model import Activity
from hm_fhir.errors import RecordRejected
from hm_fhir.scaffold.kinds import KINDS
from hm_fhir.scaffold.plugin import write_plugin
from hm_fhir.sources.base import Record, Source, activity_of, records_of
from hm_fhir.sources.fields.declared import KindColumn
from hm_fhir.sources.fields.loading import Fields
from hm_fhir.sources.spec import SourceSpec
from hm_fhir.testing.samples import open_sample

MUNICIPALITIES = ("burgas", "dimitrovgrad", "dupnitsa", "kazanlak", "novi-pazar", "samokov")
# All that the sample says there is assumed without it, too; or it belongs to one of several columns, whichever it is.
EXCEPT = {
    "dupnitsa": {"lice/rolya"},
    "kazanlak": {"TEST_DATE", "TEST_FACILITY"},
    "samokov": {"План / Срок"},
}

ENOUGH = 6
NOTHING: set[str] = set()

Values = dict[str, Any]
Path_ = tuple[str, ...]


def leaves(values: Mapping[str, Any], path: Path_ = ()) -> Iterator[tuple[Path_, Any]]:
    """Yield the values of a record with their paths; a list is one value."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from leaves(value, (*path, name))
        elif value not in (None, "", []):
            yield (*path, name), value


def with_leaf(values: Values, path: Path_, value: Any) -> Values:
    """Return a record with one more value, or with another one at a path."""
    name, *rest = path
    return {**values, name: with_leaf(values.get(name, {}), tuple(rest), value) if rest else value}


def without_leaf(values: Values, path: Path_) -> Values:
    """Return a record without the value at a path."""
    name, *rest = path
    if rest:
        return {**values, name: without_leaf(values[name], tuple(rest))}
    return {key: value for key, value in values.items() if key != name}


def told_by(source: Source, values: Values) -> Activity | None:
    """Return the activity of a record, or None: it is refused."""
    try:
        return activity_of(source, Record("here", values, document="document"))
    except RecordRejected:
        return None


def least(source: Source, records: Iterable[Record], wanted: Callable[[Activity], object]) -> Values | None:
    """Return what is left of a record when all is taken out that it can be without, and is still wanted."""
    for record in records:
        values = deepcopy(dict(record.values))
        told = told_by(source, values)
        if told is None or not wanted(told):
            continue
        for path, _ in list(leaves(values)):
            poorer = without_leaf(values, path)
            told = told_by(source, poorer)
            if told is not None and wanted(told):
                values = poorer
        return values
    return None


def lost(source: Source) -> set[str]:
    """Return the columns that vanish when they are filled in a record that says nothing else."""
    records = list(records_of(source))
    examples: dict[Path_, list[Any]] = {}
    for record in records:
        for path, value in leaves(record.values):
            if value not in (seen := examples.setdefault(path, [])) and len(seen) < ENOUGH:
                seen.append(value)
    fields: Fields = source.fields  # type: ignore[attr-defined]
    columns = {name for column in fields.columns for name in column.names}
    for value in fields.declared.values:
        # Of which kind a number is says nothing without the number; a state that has a default is often filled ahead.
        columns -= set(value.kinds.names) if isinstance(value.kinds, KindColumn) else set()
        columns -= set(value.names) if value.spec.default is not None else set()
    found: set[str] = set()
    for wanted in (lambda one: one.persons, lambda one: one.group):
        values = least(source, records, wanted)
        if values is None:
            continue
        before = told_by(source, values)
        has = {".".join(path) for path, _ in leaves(values)}
        # Of several columns for one value the first that is filled counts.
        settled = {name for one in fields.columns if has.intersection(one.names) for name in one.names}
        for path, some in examples.items():
            name = ".".join(path)
            # One of them can be what is assumed without it.
            told = (told_by(source, with_leaf(values, path, one)) for one in some)
            if name in columns - settled and all(one == before for one in told):
                found.add(name)
    return found


def lost_of(spec: str | SourceSpec, folder: Path) -> set[str]:
    with open_sample(spec, folder / "local") as sample:
        return lost(sample.source(folder))


@pytest.mark.parametrize("name", MUNICIPALITIES)
def test_what_is_filled_is_told_or_refused(name: str, tmp_path: Path) -> None:
    assert lost_of(name, tmp_path) == EXCEPT.get(name, NOTHING)


@pytest.mark.parametrize("kind", KINDS)
def test_so_it_is_in_a_new_plugin(kind: str, tmp_path: Path) -> None:
    plugin = write_plugin("new", kind, tmp_path)
    spec = fields_source("new", reads=kind, files=plugin.folder / plugin.package, description="new")
    assert lost_of(spec, tmp_path) == NOTHING
