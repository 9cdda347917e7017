"""The common body of mappings and parts, compiled: variables, refusals, resources."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hm_fhir.errors import MappingError, did_you_mean
from hm_fhir.fhirpath import CLOCK_FUNCTIONS, Expression
from hm_fhir.fhirpath.static import INTEGER, UNKNOWN
from hm_fhir.mapping.functions import FUNCTIONS
from hm_fhir.mapping.resource_types import RESOURCE_TYPES
from hm_fhir.mapping.template.blocks import check_names
from hm_fhir.mapping.template.template import Template, Use, compile_template
from hm_fhir.mapping.template.tree import Assign, Constant, First, If, Text, Wrong

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hm_fhir.mapping.files.spec import MappingSpec, PartSpec, ResourceSpec
    from hm_fhir.mapping.files.yaml_file import YamlDocument, YamlPath
    from hm_fhir.mapping.setting import Setting
    from hm_fhir.mapping.template.blocks import Report
    from hm_fhir.mapping.template.tree import Node

EACH_VARIABLES = frozenset({"item", "index"})
GIVEN_VARIABLES = frozenset({"activity", "systems"})
_RESERVED = GIVEN_VARIABLES | EACH_VARIABLES | {"context", "resource", "ucum", "sct", "loinc"}
_SET_BY_ENGINE = ("resourceType", "id")


@dataclass(frozen=True, slots=True)
class Assignment:
    """One variable of a mapping; `template.path` and the document say where it stands."""

    name: str
    template: Template
    document: YamlDocument = field(repr=False)


@dataclass(frozen=True, slots=True)
class Refusal:
    """One reason not to map an activity; it stands at `path` of the document."""

    code: str
    when: Expression
    say: str
    path: YamlPath
    document: YamlDocument = field(repr=False)


@dataclass(frozen=True, slots=True)
class ResourceRule:
    """How one resource (or one per item of `each`) is made; the fields are those of the mapping file.

    Attributes:
        path: where it stands in the document: ``("resources", 0)``; `each` is at ``(*path, "each")``, and so on.
        document: its file.
    """

    name: str
    type: str
    condition: Expression | None
    each: Expression | None
    key: Expression | None
    as_of: Expression | None
    shared: bool
    withdrawable: bool
    receiver_owns: tuple[str, ...]
    profile: Template | None
    template: Template
    path: YamlPath
    document: YamlDocument = field(repr=False)


@dataclass(frozen=True, slots=True)
class Fragment:
    """The compiled body of one file.

    Attributes:
        document: where it comes from.
        uses: every expression of `refuse` and `resources`.
    """

    document: YamlDocument
    assign: tuple[Assignment, ...]
    refuse: tuple[Refusal, ...]
    resources: tuple[ResourceRule, ...]
    uses: tuple[Use, ...]

    def undefined_in_assign(self, known: set[str]) -> Iterator[tuple[str, Use]]:
        """Yield each variable that an assignment uses before it is defined; `known` grows by what is assigned."""
        for assignment in self.assign:
            for use in assignment.template.uses:
                yield from ((name, use) for name in sorted(use.free_variables - known))
            known.add(assignment.name)

    def undefined(self, known: set[str]) -> Iterator[tuple[str, Use]]:
        """Yield each variable that a refusal or resource uses and that is not in `known`."""
        for use in self.uses:
            yield from ((name, use) for name in sorted(use.free_variables - known))

    def all_uses(self) -> Iterator[Use]:
        """Yield every expression of the file."""
        for assignment in self.assign:
            yield from assignment.template.uses
        yield from self.uses


def compile_fragment(
    spec: MappingSpec | PartSpec, document: YamlDocument, report: Report, setting: Setting
) -> Fragment:
    """Return the compiled body of a file; every mistake in it is reported.

    Args:
        spec: content of the file.
        document: the file.
        report: called with path and error of each mistake.
        setting: what is known of the activities.
    """
    return _Compiler(spec, document, report, setting).fragment()


class _Compiler:
    def __init__(
        self, spec: MappingSpec | PartSpec, document: YamlDocument, report: Report, setting: Setting
    ) -> None:
        self._setting = setting
        self._spec = spec
        self._document = document
        self._report = report
        self._uses: list[Use] = []

    def fragment(self) -> Fragment:
        assign = tuple(self._assign())
        refuse = []
        for index, refusal in enumerate(self._spec.refuse):
            when = self.expression(refusal.when, ("refuse", index, "when"), self._setting)
            if when is not None:
                path: YamlPath = ("refuse", index)
                refuse.append(Refusal(refusal.code, when, refusal.say, path, self._document))
        resources = tuple(self._resource(item, index) for index, item in enumerate(self._spec.resources))
        return Fragment(self._document, assign, tuple(refuse), resources, tuple(self._uses))

    def expression(
        self, text: str, path: YamlPath, setting: Setting, bound: frozenset[str] = frozenset()
    ) -> Expression | None:
        try:
            expression = setting.compile(text, FUNCTIONS)
        except MappingError as error:
            self._report(path, error)
            return None
        use = Use(path, expression, bound)
        self._uses.append(use)
        self._no_clock(use)
        self._no_reference(use)
        return expression

    def _assign(self) -> Iterator[Assignment]:
        setting = self._setting
        for index, step in enumerate(self._spec.assign):
            path: YamlPath = ("assign", index)
            if len(step) != 1:
                self._report(path, MappingError("one variable an item", fix="- name: value"))
            for name, value in step.items():
                check_names([name], (*path, name), self._report)
                if name in _RESERVED:
                    self._report((*path, name), MappingError(f"%{name} is already defined by the engine"))
                template = self._template(value, (*path, name), setting)
                for use in template.uses:
                    self._no_reference(use)
                yield Assignment(name, template, self._document)

    def _template(
        self, value: Any, path: YamlPath, setting: Setting, bound: frozenset[str] = frozenset()
    ) -> Template:
        template = compile_template(
            value, functions=FUNCTIONS, report=self._report, path=path, bound=bound, setting=setting
        )
        for use in template.uses:
            self._no_clock(use)
        return template

    def _resource(self, spec: ResourceSpec, index: int) -> ResourceRule:
        path: YamlPath = ("resources", index)
        if spec.type not in RESOURCE_TYPES:
            fix = did_you_mean(spec.type, RESOURCE_TYPES)
            near = fix if fix and fix.startswith("did") else "see https://hl7.org/fhir/R4/resourcelist.html"
            self._report((*path, "type"), MappingError(f"{spec.type} is no resource type of FHIR R4", fix=near))
        for key in _SET_BY_ENGINE:
            if key in spec.template:
                error = MappingError(f"{key} is set by the engine", fix=f"remove {key} from the template")
                self._report((*path, "template", key), error)
        if spec.withdrawable and not spec.shared:
            error = MappingError("withdrawable is for shared resources", fix="remove it: the others always are")
            self._report((*path, "withdrawable"), error)
        setting, bound = self._setting, frozenset[str]()
        each = self.expression(spec.each, (*path, "each"), setting) if spec.each else None
        if spec.each:
            bound = EACH_VARIABLES
            setting = setting.having(item=setting.item_of(each) if each else UNKNOWN, index=INTEGER)
        template = self._template(spec.template, (*path, "template"), setting, bound)
        self._uses += template.uses
        return ResourceRule(
            name=spec.name,
            type=spec.type,
            each=each,
            condition=self.expression(spec.condition, (*path, "if"), setting, bound) if spec.condition else None,
            key=self.expression(spec.key, (*path, "key"), setting, bound) if spec.key else None,
            as_of=self.expression(spec.as_of, (*path, "as_of"), setting, bound) if spec.as_of else None,
            shared=spec.shared,
            withdrawable=spec.withdrawable,
            receiver_owns=tuple(spec.receiver_owns),
            profile=self._profile(spec.profile, (*path, "profile"), setting, bound),
            template=template,
            path=path,
            document=self._document,
        )

    def _profile(self, value: Any, path: YamlPath, setting: Setting, bound: frozenset[str]) -> Template | None:
        if value is None:
            return None
        template = self._template(value, path, setting, bound)
        for use in template.uses:
            self._no_reference(use)
        if not _is_one_text(template.tree):
            fix = "write the url, or choose one with {{ iif(...) }} or {% if %} and {% else %}"
            self._report(path, MappingError("profile is the url of one profile", fix=fix))
        self._uses += template.uses
        return template

    def _no_clock(self, use: Use) -> None:
        for name in sorted(use.expression.functions & CLOCK_FUNCTIONS):
            message = f"{name}() reads the clock: mapping the activity again would give something else"
            fix = "use a time of the activity, such as updated_at"
            self._report(use.path, use.mistake(message, name, fix=fix))

    def _no_reference(self, use: Use) -> None:
        if "reference" in use.expression.functions:
            message = "reference() works in templates only: here it is not yet known which resources there will be"
            error = use.mistake(message, "reference", fix="use {% assign %} inside of the template")
            self._report(use.path, error)


def _is_one_text(node: Node) -> bool:
    match node:
        case Constant(value=value):
            return isinstance(value, str)
        case If(then=then, otherwise=otherwise):
            return _is_one_text(then) and (otherwise is None or _is_one_text(otherwise))
        case Assign(body=body):
            return _is_one_text(body)
        case _:
            return isinstance(node, First | Text | Wrong)
