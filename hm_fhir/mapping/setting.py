"""What is known of the data where an expression of a mapping stands: the types of its root and of its variables."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Final

from hm_fhir.fhir.definitions import Element, TypeDefinition
from hm_fhir.fhirpath import compile  # noqa: A004
from hm_fhir.fhirpath.navigation import json_type
from hm_fhir.fhirpath.static import BOOLEAN, DECIMAL, INTEGER, STRING, UNKNOWN, Static
from hm_fhir.mapping.activity_types import ROOT, activity_types
from hm_fhir.mapping.template.tree import Collection, Constant, First, If, ObjectNode, Text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hm_fhir.fhir.definitions import TypeModel
    from hm_fhir.fhirpath import Expression, Function
    from hm_fhir.mapping.template.tree import Node

SINGLE: Final = Static(many=False)
"""One value or none, of which nothing else is known."""
_SYSTEM = "IdentifierSystem"


@dataclass(frozen=True, slots=True)
class Setting:
    """What an expression is compiled against.

    Attributes:
        types: of the data; None: nothing is known of it.
        root: name of the type of the root.
        variables: static types of those ``%variables`` of which something is known.
    """

    types: TypeModel | None = None
    root: str | None = None
    variables: Mapping[str, Static] = field(default_factory=dict)

    def compile(self, text: str, functions: tuple[Function, ...]) -> Expression:
        """Return a compiled expression.

        Raises:
            ExpressionError: it is no FHIRPath, or does not fit the types.
        """
        return compile(text, functions, types=self.types, root=self.root, variables=self.variables)

    def having(self, **variables: Static) -> Setting:
        """Return the setting with more variables."""
        return replace(self, variables={**self.variables, **variables})

    def item_of(self, expression: Expression) -> Static:
        """Return the static type of one item that an expression gives, as a variable has it: plain JSON."""
        exact = expression.result.exact
        if self.types is None or exact is None:
            return SINGLE  # several types: the variable does not carry which one it is
        return Static((json_type(self.types, exact),), many=False)

    def below(self) -> Setting:
        """Return the setting in which paths start at an item, whatever it is."""
        return Setting(variables=self.variables)

    def value_of(self, node: Node) -> Static:
        """Return the static type of a variable that has the value of a template."""
        match node:
            case First(expression=expression):
                return self.item_of(expression)
            case Collection(expression=expression):
                return self.item_of(expression).several()
            case Text():
                return STRING
            case Constant(value=value):
                return {str: STRING, bool: BOOLEAN, int: INTEGER, type(None): SINGLE}.get(type(value), DECIMAL)
            case If(then=then, otherwise=otherwise):
                kinds = {self.value_of(one) for one in (then, otherwise) if one is not None}
                if len(kinds) == 1:
                    return kinds.pop()
                return SINGLE if all(not kind.many for kind in kinds) else UNKNOWN
            case ObjectNode():
                return SINGLE
            case _:
                return UNKNOWN


@cache
def activity_setting() -> Setting:
    """Return what is known where a path starts at an activity."""
    texts = {name: Element(name, ("System.String",), minimum=1) for name in ("kind", "uri")}
    system = TypeDefinition(name=_SYSTEM, namespace="hm", kind="backbone", elements=texts)
    types = activity_types().extended({_SYSTEM: system})
    return Setting(types, ROOT, {"activity": Static((ROOT,), many=False), "systems": Static((_SYSTEM,))})
