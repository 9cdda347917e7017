"""The expressions of a fields file, compiled: variables, reasons to reject, the activity."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from hm_fhir.errors import MappingError, did_you_mean
from hm_fhir.fhir.definitions import Element, TypeDefinition
from hm_fhir.fhirpath import CLOCK_FUNCTIONS, Expression, Static
from hm_fhir.fhirpath.static import STRING
from hm_fhir.mapping.checker.finding import Spot
from hm_fhir.mapping.checker.values import WrittenCode
from hm_fhir.mapping.setting import Setting
from hm_fhir.mapping.template.blocks import check_names
from hm_fhir.mapping.template.template import Template, Use, compile_template
from hm_fhir.sources.fields.types import FACILITY, IDENTIFIER, MEDIATOR, MUNICIPALITY, RECORD, record_model

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hm_fhir.fhir.definitions import TypeModel
    from hm_fhir.mapping.files.yaml_file import YamlDocument, YamlPath
    from hm_fhir.mapping.template.blocks import Report
    from hm_fhir.sources.fields.code_tables import CodeTable
    from hm_fhir.sources.fields.declared import Value
    from hm_fhir.sources.fields.spec import FieldsSpec

GIVEN: Final = frozenset({"system", "municipality"})
"""The variables that every fields file has."""
UPDATED_AT: Final = "updated_at"
_RESERVED: Final = GIVEN | {"context", "resource", "rootResource", "ucum", "sct", "loinc"}
_KINDS: Final[Mapping[str, str]] = {
    "text": "System.String",
    "code": "code",
    "integer": "System.Integer",
    "decimal": "System.Decimal",
    "boolean": "System.Boolean",
    "date": "System.Date",
    "time": "System.Time",
    "moment": "instant",
    "date-or-moment": "System.DateTime",
    "mediator": MEDIATOR,
    "facility": FACILITY,
    "national-number": IDENTIFIER,
}
"""Types of values in expressions."""


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable of ``assign``."""

    name: str
    template: Template


@dataclass(frozen=True, slots=True)
class Refusal:
    """One reason to reject a record; it stands at `path`."""

    code: str
    when: Expression
    say: str
    path: YamlPath


@dataclass(frozen=True, slots=True)
class Templates:
    """All expressions of a file.

    Attributes:
        model: the types that they meet.
        assign: variables in order.
        refuse: reasons in order.
        activity: what gives the activity.
    """

    model: TypeModel = field(repr=False)
    assign: tuple[Variable, ...]
    refuse: tuple[Refusal, ...]
    activity: Template

    def uses(self) -> Iterator[Use]:
        """Yield every expression."""
        for variable in self.assign:
            yield from variable.template.uses
        for refusal in self.refuse:
            yield Use((*refusal.path, "when"), refusal.when, frozenset())
        yield from self.activity.uses


def record_types(values: tuple[Value, ...], document: YamlDocument) -> dict[str, TypeDefinition]:
    """Return the types of a record and of the lists of objects in it, by name.

    Args:
        values: the declarations.
        document: the file; its codes know where they are written there.
    """
    types: dict[str, TypeDefinition] = {}
    _add(types, RECORD, values, document)
    return types


def _add(types: dict[str, TypeDefinition], path: str, values: tuple[Value, ...], document: YamlDocument) -> None:
    elements = {}
    for value in values:
        kind, codes = _KINDS.get("date-or-moment" if value.spec.time is not None else value.type, ""), None
        if value.type == "object":
            kind = f"{path}.{value.name}"
            _add(types, kind, value.parts, document)
        elif value.table is not None and value.type == "text":
            kind = _KINDS[value.table.kind]
            codes = _codes(value.table, document)
        is_there = value.spec.required or value.spec.default is not None
        elements[value.name] = Element(
            value.name, (kind,), 1 if is_there else 0, None if value.is_many else 1, codes=codes
        )
    types[path] = TypeDefinition(
        name=path, namespace="hm", kind="complex" if path == RECORD else "backbone", elements=elements
    )


def _codes(table: CodeTable, document: YamlDocument) -> frozenset[str] | None:
    path: YamlPath = ("codes", table.name)
    found = {
        code: WrittenCode.at(code, Spot(document, (*path, word)))
        for word, code in reversed([*table.words.items()])
        if isinstance(code, str)
    }
    return frozenset(found.values()) or None


def compile_templates(
    spec: FieldsSpec, values: tuple[Value, ...], document: YamlDocument, report: Report
) -> Templates:
    """Return the compiled expressions of a file; every mistake is reported.

    Args:
        spec: the content of the file.
        values: its declarations.
        document: the file.
        report: called with path and error of each mistake.
    """
    model = record_model(record_types(values, document))
    municipality = Static((MUNICIPALITY,), many=False)
    setting = Setting(model, RECORD, {"system": STRING, "municipality": municipality})
    return _Compiler(spec, report, setting, model).templates()


class _Compiler:
    def __init__(self, spec: FieldsSpec, report: Report, setting: Setting, model: TypeModel) -> None:
        self._spec = spec
        self._report = report
        self._setting = setting
        self._model = model

    def templates(self) -> Templates:
        assign = tuple(self._assign())
        refuse = tuple(self._refuse())
        activity = self._template(self._spec.activity, ("activity",))
        made = Templates(self._model, assign, refuse, activity)
        self._check_variables(made)
        return made

    def _assign(self) -> Iterator[Variable]:
        for index, step in enumerate(self._spec.assign):
            path: YamlPath = ("assign", index)
            if len(step) != 1:
                self._report(path, MappingError("one variable an item", fix="- name: value"))
            for name, value in step.items():
                check_names([name], (*path, name), self._report)
                if name in _RESERVED:
                    self._report((*path, name), MappingError(f"%{name} is already defined by the engine"))
                yield Variable(name, self._template(value, (*path, name)))

    def _refuse(self) -> Iterator[Refusal]:
        for index, one in enumerate(self._spec.refuse):
            path: YamlPath = ("refuse", index)
            try:
                when = self._setting.compile(one.when, ())
            except MappingError as error:
                self._report((*path, "when"), error)
                continue
            self._no_clock(Use((*path, "when"), when, frozenset()))
            yield Refusal(one.code, when, one.say, path)

    def _template(self, value: Any, path: YamlPath) -> Template:
        template = compile_template(value, report=self._report, path=path, setting=self._setting)
        for use in template.uses:
            self._no_clock(use)
        return template

    def _no_clock(self, use: Use) -> None:
        for name in sorted(use.expression.functions & CLOCK_FUNCTIONS):
            message = f"{name}() reads the clock: reading the record again would give something else"
            fix = "use a date or time of the record"
            self._report(use.path, use.mistake(message, name, fix=fix))

    def _check_variables(self, made: Templates) -> None:
        known = set(GIVEN)
        for variable in made.assign:
            self._defined(variable.template.uses, known)
            known.add(variable.name)
        for refusal in made.refuse:
            self._defined((Use((*refusal.path, "when"), refusal.when, frozenset()),), known)
        self._defined(made.activity.uses, known)

    def _defined(self, uses: tuple[Use, ...], known: set[str]) -> None:
        for use in uses:
            for name in sorted(use.free_variables - known):
                fix = did_you_mean(name, known)
                if not fix or not fix.startswith("did"):
                    fix = f"add `- {name}: ...` under assign"
                self._report(use.path, use.mistake(f"%{name} is not defined", f"%{name}", fix=fix))
