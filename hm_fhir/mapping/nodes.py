"""What a compiled template consists of: closures over (root, variables, environment), one kind for each notation."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from hm_fhir.errors import RecordRejected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from hm_fhir.fhirpath import Expression

    Variables = Mapping[str, Any]
    Node = Callable[[Any, Variables, object], Any]
    Members = list[tuple[str, Node]]


class _Absent:
    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = _Absent()
"""What vanishes: the key or array item that would hold it is left out. Null stays."""


class Constant:
    """A part of a template without expressions; every rendering gets its own copy.

    Attributes:
        value: plain data, not yet cleaned, or ABSENT.
    """

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __call__(self, _root: Any, _variables: Variables, _environment: object) -> Any:
        """Return the cleaned value."""
        return clean(self.value)


class Checked:
    """An expression of a template; what it rejects gets the place of the element.

    Attributes:
        expression: compiled; None if it is wrong, which was reported.
        place: path of the element in the template.
    """

    __slots__ = ("expression", "place")

    def __init__(self, expression: Expression | None, place: str) -> None:
        self.expression = expression
        self.place = place

    def values(self, root: Any, variables: Variables, environment: object) -> list[Any]:
        """Return the resulting collection."""
        if self.expression is None:
            return []
        try:
            return self.expression.evaluate(root, variables, environment)
        except RecordRejected as error:
            error.place = error.place or self.place
            raise

    def holds(self, root: Any, variables: Variables, environment: object) -> bool:
        """Return whether it is true."""
        try:
            return self.expression is not None and self.expression.holds(root, variables, environment)
        except RecordRejected as error:
            error.place = error.place or self.place
            raise

    def text(self, root: Any, variables: Variables, environment: object) -> str | None:
        """Return the first value as part of a text, or None.

        Raises:
            RecordRejected: it is an object.
        """
        values = self.values(root, variables, environment)
        if not values:
            return None
        value = values[0]
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, str | int | Decimal):
            return str(value)
        raise RecordRejected(
            f"the expression {self.expression and self.expression.text!r} gives an object inside of a text",
            code="expression-failed",
            fix="name an element of it, or let the expression be the whole text",
            place=self.place,
        )


def clean(value: Any) -> Any:
    """Return data as FPML leaves it: no empty objects and arrays, no arrays in arrays; null stays."""
    if isinstance(value, dict):
        members = {key: kept for key, item in value.items() if (kept := clean(item)) is not ABSENT}
        return members or ABSENT
    if isinstance(value, list):
        return flat(clean(item) for item in value)
    return value


def flat(values: Iterable[Any]) -> Any:
    """Return what is left of cleaned values as one array, or ABSENT."""
    items: list[Any] = []
    for value in values:
        if isinstance(value, list):
            items += value
        elif value is not ABSENT:
            items.append(value)
    return items or ABSENT


def array(nodes: list[Node]) -> Node:
    """``[a, b]``."""
    return lambda root, variables, environment: flat(node(root, variables, environment) for node in nodes)


def collection(expression: Checked) -> Node:
    """``{[ expression ]}``."""
    return lambda root, variables, environment: clean(expression.values(root, variables, environment))


def first(expression: Checked, *, keeps_null: bool) -> Node:
    """``{{ expression }}`` as a whole text: the first value with its type."""
    empty = None if keeps_null else ABSENT

    def run(root: Any, variables: Variables, environment: object) -> Any:
        values = expression.values(root, variables, environment)
        return clean(values[0]) if values else empty

    return run


def mixed(parts: list[str | tuple[Checked, bool]]) -> Node:
    """Text with ``{{ expression }}`` in it; all of it vanishes when one of them is empty."""

    def run(root: Any, variables: Variables, environment: object) -> Any:
        text = ""
        for part in parts:
            if isinstance(part, str):
                text += part
                continue
            expression, keeps_null = part
            found = expression.text(root, variables, environment)
            if found is None:
                return None if keeps_null else ABSENT
            text += found
        return text

    return run


def context(expression: Checked, body: Node) -> Node:
    """``{"{{ expression }}": body}``: the body once per item, with the item as root."""
    return lambda root, variables, environment: flat(
        body(item, variables, environment) for item in expression.values(root, variables, environment)
    )


def loop(expression: Checked, item: str, index: str | None, body: Node) -> Node:
    """``{% for index, item in expression %}``."""

    def run(root: Any, variables: Variables, environment: object) -> Any:
        inner = dict(variables)
        values = []
        for number, value in enumerate(expression.values(root, variables, environment)):
            inner[item] = value
            if index:
                inner[index] = number
            values.append(body(root, inner, environment))
        return flat(values)

    return run


def assign(assigned: Members, body: Node) -> Node:
    """``{% assign %}``: each variable may use those before it."""

    def run(root: Any, variables: Variables, environment: object) -> Any:
        extended = dict(variables)
        for name, node in assigned:
            value = node(root, extended, environment)
            extended[name] = None if value is ABSENT else value
        return body(root, extended, environment)

    return run


def choice(condition: Checked, then: Node, otherwise: Node) -> Node:
    """``{% if expression %}`` and ``{% else %}`` without other keys."""

    def run(root: Any, variables: Variables, environment: object) -> Any:
        chosen = then if condition.holds(root, variables, environment) else otherwise
        return chosen(root, variables, environment)

    return run


def overlay(members: Members, added: list[Node], place: str) -> Node:
    """An object with objects laid over it, one after the other: ``{% merge %}``, ``{% if %}`` beside keys."""

    def run(root: Any, variables: Variables, environment: object) -> Any:
        over: dict[str, Any] = {}
        for node in added:
            value = node(root, variables, environment)
            if isinstance(value, dict):
                over |= value
            elif value is not ABSENT and value is not None:
                raise RecordRejected(
                    "only an object can be merged into an object", code="expression-failed", place=place
                )
        made = {}
        for key, node in members:
            value = over[key] if key in over else node(root, variables, environment)
            if value is not ABSENT:
                made[key] = value
        return {**made, **over} or ABSENT

    return run


def members(nodes: Members) -> Node:
    """A plain object."""

    def run(root: Any, variables: Variables, environment: object) -> Any:
        made = {}
        for key, node in nodes:
            value = node(root, variables, environment)
            if value is not ABSENT:
                made[key] = value
        return made or ABSENT

    return run
