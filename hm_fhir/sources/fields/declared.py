"""The declarations of a fields file, checked: what each value is, and what it cannot be."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from hm_fhir.errors import MappingError, did_you_mean
from hm_fhir.lookalikes import told
from hm_fhir.mapping.files.problems import UNKNOWN_KEY
from hm_fhir.sources.fields.code_tables import CodeTable
from hm_fhir.sources.fields.dates import CONTRADICTING, USUAL
from hm_fhir.sources.fields.headings import steps_of
from hm_fhir.sources.fields.spec import ValueSpec
from hm_fhir.sources.headings import heading_key, heading_look, told_apart

if TYPE_CHECKING:
    from hm_fhir.mapping.files.yaml_file import YamlPath
    from hm_fhir.mapping.template.blocks import Report
    from hm_fhir.sources.fields.spec import FieldsSpec

_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")
_RESERVED: Final = frozenset(
    {"and", "as", "contains", "div", "false", "implies", "in", "is", "mod", "or", "true", "xor"}
)
"""Words of FHIRPath that no path can begin with."""
DATES: Final = frozenset({"date", "moment", "date-or-moment"})
MOMENTS: Final = frozenset({"moment", "date-or-moment"})
ENTRIES: Final = frozenset({"mediator", "facility"})
"""Types whose values are entries of the directory."""
OBJECTS: Final = ENTRIES | {"national-number", "object"}
_ONLY_FOR: Final[Mapping[str, frozenset[str]]] = {
    "forms": DATES,
    "zone": MOMENTS,
    "time": MOMENTS,
    "kind": frozenset({"national-number"}),
    "yes": frozenset({"boolean"}),
    "no": frozenset({"boolean"}),
    "codes": frozenset({"text", "mediator", "facility"}),
}
_NUMBER_KINDS: Final = ("egn", "lnch", "nhis-newborn", "passport")
_OF_KIND: Final = ("column", "codes")
_TRIED: Final = ("egn", "lnch")
"""Kinds whose numbers have a check digit."""


@dataclass(frozen=True, slots=True)
class KindColumn:
    """The column that says the kind of a national number."""

    names: tuple[str, ...]
    table: CodeTable


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a record.

    Attributes:
        name: in expressions.
        path: of its declaration in the file.
        names: headings or paths of its column; the first that is filled counts.
        type: of `spec.Kind`, or ``object`` for a list of objects.
        table: its code table, or None.
        separators: None: one value; empty: a JSON list; else what stands between several in a text.
        parts: of a list of objects: the values of each.
        forms: of dates.
        spec: the declaration.
    """

    name: str
    path: YamlPath
    names: tuple[str, ...]
    type: str
    table: CodeTable | None
    separators: tuple[str, ...] | None
    parts: tuple[Value, ...]
    forms: tuple[str, ...]
    kinds: tuple[str, ...] | KindColumn
    spec: ValueSpec = field(repr=False)

    @property
    def is_many(self) -> bool:
        """Whether there can be several."""
        return self.separators is not None or self.type == "object"

    @property
    def all_names(self) -> Iterator[tuple[str, ...]]:
        """Every column that it reads in its own object, each with all its names."""
        yield self.names
        if self.spec.time is not None:
            yield self.spec.time
        if isinstance(self.kinds, KindColumn):
            yield self.kinds.names


@dataclass(frozen=True, slots=True)
class Declared:
    """All declarations of a file.

    Attributes:
        values: of the record.
        tables: code tables by name.
        together: column -> columns without which it says nothing.
        ignored: patterns of columns that tell nothing.
    """

    values: tuple[Value, ...]
    tables: Mapping[str, CodeTable]
    together: tuple[tuple[str, tuple[str, ...]], ...]
    ignored: tuple[str, ...]
    used_tables: frozenset[str]


def declared_in(spec: FieldsSpec, report: Report) -> Declared:
    """Return the declarations of a file; every mistake is reported.

    Args:
        spec: the content of the file.
        report: called with path and error of each mistake.
    """
    return _Reader(spec, report).declared()


class _Reader:
    def __init__(self, spec: FieldsSpec, report: Report) -> None:
        self._spec = spec
        self._report = report
        self._tables: dict[str, CodeTable] = {}
        self._used: set[str] = set()

    def declared(self) -> Declared:
        for name, words in self._spec.codes.items():
            self._tables[name] = self._table(name, words)
        values = self._values(self._spec.record, ("record",))
        split = self._spec.split.column if self._spec.split is not None else ""
        if any(step.isdecimal() for step in steps_of(split)):
            self._error(("split",), "split leads to one list, not into an item of it", "name the list itself")
        self._ignored(values)
        self._together(values)
        return Declared(
            values,
            self._tables,
            tuple(self._spec.together.items()),
            self._spec.ignored,
            frozenset(self._used),
        )

    def _error(self, path: YamlPath, message: str, fix: str | None = None) -> None:
        self._report(path, MappingError(message, fix=fix))

    # --- code tables ------------------------------------------------------------------------------------------------

    def _table(self, name: str, words: Mapping[str, Any]) -> CodeTable:
        seen: dict[str, str] = {}
        kinds = {type(code) for code in words.values() if code is not None}
        for word, code in words.items():
            path: YamlPath = ("codes", name, word)
            plain = heading_key(word)
            if plain in seen:
                self._report(
                    path,
                    MappingError(
                        f"{word!r} is the same word as {seen[plain]!r}: case and white space do not matter",
                        code=UNKNOWN_KEY,
                        fix="remove one of them",
                    ),
                )
            seen.setdefault(plain, word)
            if code is not None and not isinstance(code, str | int | bool):
                self._error(path, "a word stands for a text, a whole number, true or false", "put quotes around text")
        if len(kinds) > 1:
            self._error(("codes", name), f"the words of {name} stand for values of several types", "make two tables")
        if not words:
            self._error(("codes", name), f"the code table {name!r} has no words", "add words, or remove it")
        return CodeTable(name, words)

    def _found(self, name: str, path: YamlPath) -> CodeTable | None:
        self._used.add(name)
        table = self._tables.get(name)
        if table is None:
            fix = did_you_mean(name, self._tables) or "add it under `codes`"
            self._error(path, f"there is no code table {name!r}", fix)
        return table

    # --- values -----------------------------------------------------------------------------------------------------

    def _values(self, specs: Mapping[str, ValueSpec], path: YamlPath) -> tuple[Value, ...]:
        if not specs:
            self._error(path, "nothing is read", "name at least one value")
        return tuple(self._value(name, spec, (*path, name)) for name, spec in specs.items())

    def _value(self, name: str, spec: ValueSpec, path: YamlPath) -> Value:
        self._name(name, path)
        kind = "object" if spec.each is not None else spec.type or "text"
        if spec.each is not None:
            self._of_objects(spec, path)
        for key, types in _ONLY_FOR.items():
            if getattr(spec, key) is not None and kind not in types:
                fix = "write `type: moment`" if (key, kind) == ("time", "date") else f"remove {key}"
                self._error((*path, key), f"{key} is for {_listed(types)}, this is {kind}", fix)
        table = self._found(spec.codes, (*path, "codes")) if spec.codes is not None else None
        if spec.required and spec.default is not None:
            self._error((*path, "default"), "what is required is never empty, so its default is never used",
                        "remove one of them")  # fmt: skip
        if spec.default is not None:
            self._default(spec, kind, table, path)
        if spec.optional and spec.required:
            self._error((*path, "optional"), "a column cannot be required and absent", "remove one of them")
        self._zone(spec, path)
        self._words(spec, path)
        return Value(
            name=name,
            path=path,
            names=spec.column,
            type=kind,
            table=table,
            separators=spec.many,
            parts=self._values(spec.each, (*path, "each")) if spec.each is not None else (),
            forms=self._forms(spec, kind, path),
            kinds=self._kinds(spec, kind, path),
            spec=spec,
        )

    def _name(self, name: str, path: YamlPath) -> None:
        if _NAME.fullmatch(name) and name not in _RESERVED:
            return
        if name in _RESERVED:
            message, fix = f"{name!r} is a word of FHIRPath", "take another name"
        else:
            message = f"{name!r} is no name for a value"
            fix = told(name) or "use the letters a-z, digits and _, and begin with a letter"
        self._report(path, MappingError(message, code=UNKNOWN_KEY, fix=fix))

    def _of_objects(self, spec: ValueSpec, path: YamlPath) -> None:
        for key in ("type", "codes", "many", "default"):
            if getattr(spec, key) is not None:
                self._error((*path, key), f"{key} does not go with each: a list of objects", f"remove {key}")

    def _default(self, spec: ValueSpec, kind: str, table: CodeTable | None, path: YamlPath) -> None:
        default, where = spec.default, (*path, "default")
        if kind in OBJECTS:
            self._error(where, f"a {kind} has no default", "remove it, and say in `activity` what is meant")
            return
        if table is not None and default not in table.targets:
            fix = did_you_mean(str(default), [str(one) for one in table.targets])
            self._error(where, f"the default {default!r} is none of the codes of {table.name!r}", fix)
            return
        wanted = {"integer": int, "boolean": bool}.get(kind if table is None else table.kind)
        if wanted is not None and type(default) is not wanted:
            self._error(where, f"the default is no {wanted.__name__}", "write a value of that type")
        if wanted is None and kind != "decimal" and not isinstance(default, str):
            self._error(where, "the default is no text", "put quotes around it")

    def _forms(self, spec: ValueSpec, kind: str, path: YamlPath) -> tuple[str, ...]:
        if kind not in DATES:
            return ()
        if spec.forms is None:
            return USUAL.get(self._spec.reads, ())
        for one, other in CONTRADICTING:
            if one in spec.forms and other in spec.forms:
                self._error((*path, "forms"), f"{one} and {other} read the same text as different days",
                            "choose the one in which the column is written")  # fmt: skip
        return spec.forms

    def _zone(self, spec: ValueSpec, path: YamlPath) -> None:
        if spec.zone is None:
            return
        try:
            ZoneInfo(spec.zone)
        except (KeyError, ValueError, OSError):
            self._error((*path, "zone"), f"{spec.zone!r} is no time zone", "write UTC or a name such as Europe/Sofia")

    def _words(self, spec: ValueSpec, path: YamlPath) -> None:
        both = {heading_key(one) for one in spec.yes or ()} & {heading_key(one) for one in spec.no or ()}
        for word in sorted(both):
            self._error((*path, "no"), f"{word!r} is both yes and no", "remove it from one of them")

    def _kinds(self, spec: ValueSpec, kind: str, path: YamlPath) -> tuple[str, ...] | KindColumn:
        if kind != "national-number":
            return ()
        where = (*path, "kind")
        if spec.kind is None:
            self._error(path, "a national number needs its kind", "add `kind: egn`, or the column that says it")
            return ()
        if isinstance(spec.kind, dict):
            return self._kind_column(spec.kind, where)
        for index, one in enumerate(spec.kind):
            known = _NUMBER_KINDS if len(spec.kind) == 1 else _TRIED
            if one not in known:
                place = (*where, index) if len(spec.kind) > 1 else where
                if one in _NUMBER_KINDS:
                    self._error(place, f"{one} has no check digit that could tell it from others",
                                "add the column that says the kind")  # fmt: skip
                else:
                    self._error(place, f"{one!r} is no kind of a national number", did_you_mean(one, known))
        found: tuple[str, ...] = spec.kind
        return found

    def _kind_column(self, given: Mapping[str, Any], path: YamlPath) -> tuple[str, ...] | KindColumn:
        for key in given:
            if key not in _OF_KIND:
                error = MappingError(f"{key} is not known here", code=UNKNOWN_KEY, fix=did_you_mean(key, _OF_KIND))
                self._report((*path, key), error)
        missing = [key for key in _OF_KIND if key not in given]
        for key in missing:
            self._error(path, f"{key} is missing", f"add {key}")
        if missing:
            return ()
        names = given["column"] if isinstance(given["column"], list) else [given["column"]]
        if not names or any(not isinstance(name, str) or not name.strip() for name in names):
            self._error((*path, "column"), "column must be text", "write the heading")
            return ()
        name = given["codes"]
        if not isinstance(name, str):
            self._error((*path, "codes"), "codes must be text", "write the name of a code table")
            return ()
        table = self._found(name, (*path, "codes"))
        for word, code in table.words.items() if table is not None else ():
            if code is not None and code not in _NUMBER_KINDS:
                fix = did_you_mean(str(code), _NUMBER_KINDS)
                self._error(("codes", name, word), f"{code!r} is no kind of a national number", fix)
        return KindColumn(tuple(names), table) if table is not None else ()

    # --- columns ----------------------------------------------------------------------------------------------------

    def _ignored(self, values: tuple[Value, ...]) -> None:
        read = {heading_key(name) for value in values for names in value.all_names for name in names}
        for index, name in enumerate(self._spec.ignored):
            if heading_key(name) in read:
                self._error(
                    ("ignored", index), f"the column {name!r} is read, so it is not ignored", "remove it here"
                )

    def _together(self, values: tuple[Value, ...]) -> None:
        known = {heading_key(name): name for value in values for names in value.all_names for name in names}
        for column, others in self._spec.together.items():
            if heading_key(column) not in known:
                fix = _nearest(column, known)
                self._report(
                    ("together", column),
                    MappingError(f"no value is read from {column!r}", code=UNKNOWN_KEY, fix=fix),
                )
            for other in others:
                if heading_key(other) not in known:
                    fix = _nearest(other, known)
                    self._error(("together", column), f"no value is read from {other!r}", fix)


def column_names(values: tuple[Value, ...]) -> tuple[str, ...]:
    """Return all names of all columns that values of one object read."""
    return tuple(name for value in values for names in value.all_names for name in names)


def _nearest(name: str, known: Mapping[str, str]) -> str | None:
    """Return ``did you mean 'x'?`` for the column whose name is most alike, or None.

    Args:
        name: of a column.
        known: names by their `heading_key`.
    """
    for other in known.values():
        if heading_look(other) == heading_look(name):
            return f"it differs from {other!r} only in letters that look alike ({told_apart(name, other)})"
    near = get_close_matches(heading_key(name), known, n=1, cutoff=0.5)
    return f"did you mean {known[near[0]]!r}?" if near else None


def _listed(types: frozenset[str]) -> str:
    return " or ".join(sorted(types))
