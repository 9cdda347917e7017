"""The static check of a fields file: what would be wrong with its activities, before any record is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hm_fhir.fhirpath import tree
from hm_fhir.mapping.checker.conditions import TRUE
from hm_fhir.mapping.checker.finding import Findings, Spot
from hm_fhir.mapping.checker.fitting import Fitting
from hm_fhir.mapping.checker.scope import NO_FACTS, Bound, Deferred, Env, Facts
from hm_fhir.mapping.checker.templates import TemplateValues
from hm_fhir.mapping.checker.values import Presence, Shape, Value, scalar
from hm_fhir.mapping.checker.world import Shared, World, tree_of
from hm_fhir.mapping.template.tree import Use
from hm_fhir.sources.fields.constants import check_constants
from hm_fhir.sources.fields.types import ACTIVITY, MUNICIPALITY, RECORD

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hm_fhir.fhirpath import Expression
    from hm_fhir.mapping.checker.finding import Finding
    from hm_fhir.mapping.checker.scope import Binding, Key
    from hm_fhir.mapping.files.yaml_file import YamlDocument, YamlPath
    from hm_fhir.sources.fields.declared import Declared
    from hm_fhir.sources.fields.declared import Value as Declaration
    from hm_fhir.sources.fields.template import Templates

_KEY: Final[Key] = ("record",)
_FILLED_IN: Final = ("system", "municipality")
"""Fields that the source fills in where the template does not."""


def check_fields(
    document: YamlDocument, declared: Declared, templates: Templates, filled_in: Iterable[str] = ()
) -> tuple[Finding, ...]:
    """Return everything that is wrong with the expressions of a fields file, in the order of its lines.

    Args:
        document: the file.
        declared: its declarations, without mistakes.
        templates: its expressions, without mistakes.
        filled_in: fields of the activity that are filled in where the template does not, beside those of every file.
    """
    return _Check(document, declared, templates, (*_FILLED_IN, *filled_in)).findings()


class _Check:
    def __init__(
        self, document: YamlDocument, declared: Declared, templates: Templates, filled_in: tuple[str, ...]
    ) -> None:
        self._filled_in = filled_in
        self._document = document
        self._declared = declared
        self._templates = templates
        self._found = Findings()
        self._shared = Shared(templates.model, None, self._found)
        self._variables: dict[str, Binding] = {
            "system": Bound(scalar("string"), ("system",)),
            "municipality": Bound(Value((Shape(MUNICIPALITY),), Presence.ALWAYS, many=False), ("municipality",)),
        }
        self._world = World(self._shared, {}, {}, {}, self._variables)

    def findings(self) -> tuple[Finding, ...]:
        facts = NO_FACTS
        for variable in self._templates.assign:
            env = self._env()
            node = variable.template.tree
            TemplateValues(self._world).value(node, env, NO_FACTS)
            self._variables[variable.name] = Deferred(node, env, ("%", variable.name))
        for refusal in self._templates.refuse:
            facts = self._refuse(refusal.when, (*refusal.path, "when"), facts)
        values = TemplateValues(self._world)
        given = dict.fromkeys(self._filled_in)
        Fitting(self._world, values).resource(self._templates.activity.tree, self._env(), facts, ACTIVITY, given)
        self._shared.branches.report(self._found)
        check_constants(self._document, self._declared, self._templates, self._found)
        self._unused()
        return tuple(self._found)

    def _env(self) -> Env:
        root = Value((Shape(RECORD),), Presence.ALWAYS, many=False)
        return Env(self._document, root, _KEY, dict(self._variables))

    def _refuse(self, when: Expression, path: YamlPath, facts: Facts) -> Facts:
        values, env, spot = TemplateValues(self._world), self._env(), Spot(self._document, path)
        possible = values.condition(when, path, env, facts)
        if possible == TRUE:
            self._found.error(spot, "always-refused", "this is always true: every record is rejected",
                              "correct the condition")  # fmt: skip
        elif True not in possible:
            self._found.warning(spot, "unreachable", "this is never true, so no record is ever rejected",
                                "correct the condition, or remove it")  # fmt: skip
        return values.assumed(when, path, env, facts, holds=False)

    def _unused(self) -> None:
        used = {
            node.name
            for use in self._templates.uses()
            for node in tree.walk(tree_of(use.expression.text))
            if isinstance(node, tree.Member)
        }
        self._unused_values(self._declared.values, used)
        for name in self._declared.tables:
            if name not in self._declared.used_tables:
                self._warn(("codes", name), "unused-codes", f"nothing uses the code table {name!r}",
                           "use it, or remove it")  # fmt: skip
        later: set[str] = set()
        for use in (*self._templates.activity.uses, *self._refusal_uses()):
            later |= use.free_variables
        for variable in reversed(self._templates.assign):
            if variable.name not in later:
                self._warn(variable.template.path, "unused-variable", f"nothing uses %{variable.name}",
                           "remove it, or use it")  # fmt: skip
            for use in variable.template.uses:
                later |= use.free_variables

    def _refusal_uses(self) -> Iterator[Use]:
        for refusal in self._templates.refuse:
            yield Use(refusal.path, refusal.when, frozenset())

    def _unused_values(self, values: tuple[Declaration, ...], used: set[str]) -> None:
        for value in values:
            if value.name not in used:
                self._warn(value.path, "unused-value", f"{value.name!r} is read, and nothing uses it",
                           "use it in `activity`, or name its column under `ignored`")  # fmt: skip
            else:
                self._unused_values(value.parts, used)

    def _warn(self, path: YamlPath, code: str, message: str, fix: str) -> None:
        self._found.warning(Spot(self._document, path, key=True), code, message, fix)
