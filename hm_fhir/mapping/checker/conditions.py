"""Conditions: what they can give, and what is known where they are true or not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from hm_fhir.errors import did_you_mean
from hm_fhir.fhirpath import tree
from hm_fhir.mapping.checker.scope import Narrow
from hm_fhir.mapping.checker.values import Presence

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hm_fhir.mapping.checker.expressions import At, Expressions
    from hm_fhir.mapping.checker.scope import Key
    from hm_fhir.mapping.checker.values import Scalar, Value

Truth = frozenset[bool | None]
"""What a condition can give: true, false, empty (None)."""

ANY: Final[Truth] = frozenset({True, False, None})
TRUE: Final[Truth] = frozenset({True})
FALSE: Final[Truth] = frozenset({False})
_EITHER: Final[Truth] = frozenset({True, False})

_KINDS: Final = {
    **dict.fromkeys(("string", "code", "uri", "id", "markdown"), "a text"),
    **dict.fromkeys(("integer", "positiveInt", "unsignedInt", "decimal"), "a number"),
    "boolean": "true or false",
}

# What these are called on is there when they are true, and what they are called on is there when it gives something.
_NEEDS_INPUT: Final = frozenset(
    {"startsWith", "endsWith", "contains", "matches", "matchesFull", "hasValue", "is", "not"}
)
_PASSES_ON: Final = frozenset(
    {"where", "first", "last", "tail", "skip", "take", "single", "distinct", "select", "ofType", "as", "toString",
     "upper", "lower", "trim", "substring", "translate", "intersect", "exclude"}
)  # fmt: skip


_TESTS: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "startsWith": str.startswith,
    "endsWith": str.endswith,
    "contains": str.__contains__,
}


class Conditions:
    """Evaluates conditions without data.

    Args:
        expressions: evaluates everything else.
    """

    def __init__(self, expressions: Expressions) -> None:
        self._expressions = expressions

    def truth(self, node: tree.Node, at: At) -> Truth:
        """Return what a condition can give; codes that nothing has are reported."""
        match node:
            case tree.Binary(operator="and", left=left, right=right):
                first = self.truth(left, at)
                second = self.truth(right, self._where(left, at, holds=True)) if True in first else ANY
                return frozenset(_and(one, two) for one in first for two in second)
            case tree.Binary(operator="or", left=left, right=right):
                first = self.truth(left, at)
                second = self.truth(right, self._where(left, at, holds=False)) if first != TRUE else ANY
                return frozenset(_or(one, two) for one in first for two in second)
            case tree.Binary(operator="xor" | "implies", left=left, right=right):
                self.truth(left, at)
                self.truth(right, at)
                return ANY
            case tree.Binary(operator="=" | "!=" | "~" | "!~" as operator):
                found = self._equal(node, at)
                return found if operator in {"=", "~"} else _not(found)
            case tree.Binary(operator="in", left=left, right=right):
                return self._among(left, right, at)
            case tree.Binary(operator="contains", left=left, right=right):
                return self._among(right, left, at)
            case tree.Binary(operator="<" | ">" | "<=" | ">=", left=left, right=right):
                sides = (self._expressions.of(left, at), self._expressions.of(right, at))
                return _EITHER if all(side.presence is Presence.ALWAYS for side in sides) else ANY
            case tree.FunctionCall(target=target, name="not", arguments=()) if target is not None:
                return _not(self.truth(target, at))
            case tree.FunctionCall(name="startsWith" | "endsWith" | "contains", target=target) if target is not None:
                return self._of_text(node, target, at)
            case tree.FunctionCall(name="exists" | "empty" as name):
                found = self._exists(node, at)
                return found if name == "exists" else _not(found)
            case _:
                return self._of_value(self._expressions.of(node, at))

    def _of_value(self, value: Value) -> Truth:
        codes = value.codes()
        found: set[bool | None] = set(_EITHER) if codes is None else {one for one in codes if isinstance(one, bool)}
        if value.presence is not Presence.ALWAYS:
            found.add(None)
        return frozenset(found)

    def _exists(self, node: tree.FunctionCall, at: At) -> Truth:
        source = at.this if node.target is None else self._expressions.of(node.target, at)
        for argument in node.arguments:
            self.truth(argument, at.inner(source.item()))
        if source.presence is Presence.NEVER:
            return FALSE
        return TRUE if source.presence is Presence.ALWAYS and not node.arguments else _EITHER

    def _of_text(self, node: tree.FunctionCall, target: tree.Node, at: At) -> Truth:
        """Return what a test of a text can give, where all texts are known."""
        value = self._expressions.of(node, at)
        codes = self._expressions.of(target, at).codes()
        right = _that(node, codes)
        if codes is None or right is None or value.many:
            return self._of_value(value)
        found: set[bool | None] = {True} if right else set()
        if codes - right:
            found.add(False)
        if value.presence is not Presence.ALWAYS:
            found.add(None)
        return frozenset(found)

    def _equal(self, node: tree.Binary, at: At) -> Truth:
        left, right = self._expressions.of(node.left, at), self._expressions.of(node.right, at)
        if not (self._known_codes(left, right, at) and self._known_codes(right, left, at)):
            return ANY
        if not self._comparable(left, right, node, at):
            return ANY
        if Presence.NEVER in (left.presence, right.presence):
            return frozenset({None})
        found: set[bool | None] = set(_EITHER)
        one, two = left.codes(), right.codes()
        if one is not None and two is not None and not left.many and not right.many:
            if not one & two:
                found.discard(True)
            if one == two and len(one) == 1:
                found.discard(False)
        if min(left.presence, right.presence) is not Presence.ALWAYS:
            found.add(None)
        return frozenset(found)

    def _comparable(self, left: Value, right: Value, node: tree.Binary, at: At) -> bool:
        """Report two sides of which one is a text and the other a number, say; return whether they can be equal."""
        one, other = (_kinds(value) for value in (left, right))
        if not one or not other or one & other:
            return True
        self._expressions.world.findings.error(
            at.spot(node.position),
            "wrong-type",
            f"{' or '.join(sorted(one))} is compared with {' or '.join(sorted(other))}: they are never equal",
            "compare what is of one type",
        )
        return False

    def _among(self, item: tree.Node, items: tree.Node, at: At) -> Truth:
        one, many = self._expressions.of(item, at), self._expressions.of(items, at)
        if not (self._known_codes(one, many, at) and self._known_codes(many, one, at)):
            return ANY
        if one.presence is Presence.NEVER:
            return frozenset({None})
        found: set[bool | None] = set(_EITHER)
        codes, allowed = one.codes(), many.codes()
        if many.presence is Presence.NEVER or (codes is not None and allowed is not None and not codes & allowed):
            found.discard(True)
        is_constant = isinstance(items, tree.Literal) or _is_list(items)
        if is_constant and codes is not None and allowed is not None and codes <= allowed:
            found.discard(False)
        if one.presence is not Presence.ALWAYS:
            found.add(None)
        return frozenset(found)

    def _known_codes(self, written: Value, compared: Value, at: At) -> bool:
        """Report each literal that what it is compared with can never be; return whether there is none."""
        vocabulary = compared.vocabulary()
        if vocabulary is None:
            return True
        are_known = True
        for shape in written.shapes:
            spot = shape.spot
            if spot is None or spot.text != at.text or shape.codes is None:
                continue
            for code in shape.codes:
                if isinstance(code, str) and code not in vocabulary:
                    are_known = False
                    self._expressions.world.findings.error(
                        spot,
                        "unknown-code",
                        f"{code!r} is none of the codes that this is compared with, so it is never equal",
                        did_you_mean(code, vocabulary),
                    )
        return are_known

    # --- what is known where a condition holds, or does not --------------------------------------------------------

    def _where(self, node: tree.Node, at: At, *, holds: bool) -> At:
        return replace(at, facts=at.facts.knowing(self.assumed(node, at, holds=holds)))

    def assumed(self, node: tree.Node, at: At, *, holds: bool) -> dict[Key, Narrow]:
        """Return what is known where a condition is true, or where it is not (false or empty)."""
        facts: dict[Key, Narrow] = {}
        self._assume(node, at, facts, holds=holds)
        return facts

    def _assume(self, node: tree.Node, at: At, facts: dict[Key, Narrow], *, holds: bool) -> None:
        match node:
            case tree.Binary(operator="and", left=left, right=right) if holds:
                self._assume(left, at, facts, holds=True)
                self._assume(right, at, facts, holds=True)
            case tree.Binary(operator="or", left=left, right=right) if not holds:
                self._assume(left, at, facts, holds=False)
                self._assume(right, at, facts, holds=False)
            case tree.Binary(operator="or", left=left, right=right):
                self._either(self.assumed(left, at, holds=True), self.assumed(right, at, holds=True), facts)
            case tree.Binary(operator="=" | "!=" | "~" as operator, left=left, right=right):
                self._compared(left, right, at, facts, equal=operator != "!=", holds=holds)
                self._compared(right, left, at, facts, equal=operator != "!=", holds=holds)
            case tree.Binary(operator="in", left=left, right=right):
                self._compared(left, right, at, facts, equal=True, holds=holds)
                if holds:
                    self._there(right, at, facts)
            case tree.Binary(operator="<" | ">" | "<=" | ">=" | "contains", left=left, right=right) if holds:
                self._there(left, at, facts)
                self._there(right, at, facts)
            case tree.FunctionCall(target=target, name="not", arguments=()) if target is not None:
                if holds:
                    self._there(target, at, facts)
                    self._assume(target, at, facts, holds=False)
                elif None not in self.truth(target, at):
                    self._assume(target, at, facts, holds=True)
            case tree.FunctionCall(target=target, name="exists", arguments=arguments) if target is not None:
                if holds:
                    self._there(target, at, facts)
                elif not arguments:
                    self._absent(target, at, facts)
            case tree.FunctionCall(target=target, name="empty", arguments=()) if target is not None:
                if holds:
                    self._absent(target, at, facts)
                else:
                    self._there(target, at, facts)
            case tree.FunctionCall(target=target, name=name) if target is not None and name in _NEEDS_INPUT:
                if holds:
                    self._there(target, at, facts)
                value = self._expressions.of(target, at)
                codes = _that(node, value.codes())
                if codes is not None and not value.many:
                    self._note(target, at, facts, Narrow(only=codes) if holds else Narrow(never=codes))
            case tree.Variable(name=name):
                self._of_variable(node, name, at, facts, holds=holds)
            case tree.Member():
                self._note(
                    node, at, facts, Narrow(True, frozenset({True})) if holds else Narrow(never=frozenset({True}))
                )
            case _:
                pass

    def _either(self, one: Mapping[Key, Narrow], other: Mapping[Key, Narrow], facts: dict[Key, Narrow]) -> None:
        """Note what two conditions say of which at least one is true."""
        for key in one.keys() & other.keys():
            left, right = one[key], other[key]
            exists = left.exists if left.exists is right.exists else None
            only = left.only | right.only if left.only is not None and right.only is not None else None
            found = Narrow(exists, only, left.never & right.never)
            known = facts.get(key)
            facts[key] = found if known is None else known.both(found)

    def _of_variable(self, node: tree.Variable, name: str, at: At, facts: dict[Key, Narrow], *, holds: bool) -> None:
        own: Narrow = Narrow(True, frozenset({True})) if holds else Narrow(never=frozenset({True}))
        self._note(node, at, facts, own)
        binding = self._expressions.binding(name, at.env)
        inside = self._expressions.inside(binding) if binding is not None else None
        if inside is not None:
            self._assume(*inside, facts, holds=holds)

    def _compared(
        self, node: tree.Node, other: tree.Node, at: At, facts: dict[Key, Narrow], *, equal: bool, holds: bool
    ) -> None:
        """Note what ``node = other`` (or ``!=``, or ``in``) says about the node."""
        if holds:
            self._there(node, at, facts)
        value = self._expressions.of(other, at)
        codes = value.codes()
        if isinstance(other, tree.Literal) and isinstance(other.value, bool):
            # `x = false` says that x is false, and so what follows from that.
            if holds:
                self._assume(node, at, facts, holds=other.value is equal)
            elif isinstance(node, tree.Variable | tree.Member):
                self._note(node, at, facts, _narrow(frozenset({other.value}), equal=equal, holds=False))
            return
        # Something that is not equal to one of several may still be one of them.
        is_constant = isinstance(other, tree.Literal) or _is_list(other)
        if codes is None or (value.many and not _is_list(other)) or (not is_constant and equal is not holds):
            return
        vocabulary = self._expressions.of(node, at).vocabulary()
        if vocabulary is not None and not codes <= vocabulary:
            return  # misspelled, which is reported
        self._note(node, at, facts, _narrow(codes, equal=equal, holds=holds))

    def _there(self, node: tree.Node, at: At, facts: dict[Key, Narrow]) -> None:
        """Note that something is there, and so all that leads to it."""
        self._note(node, at, facts, Narrow(exists=True))
        match node:
            case tree.Member(target=target) | tree.Index(target=target) if target is not None:
                self._there(target, at, facts)
            case tree.FunctionCall(target=target, name=name) if target is not None and name in _PASSES_ON:
                self._there(target, at, facts)
            case tree.Variable(name=name):
                binding = self._expressions.binding(name, at.env)
                inside = self._expressions.inside(binding) if binding is not None else None
                if inside is not None:
                    self._there(*inside, facts)
            case _:
                pass

    def there(self, node: tree.Node, at: At) -> dict[Key, Narrow]:
        """Return what is known where an expression gives something."""
        facts: dict[Key, Narrow] = {}
        self._there(node, at, facts)
        return facts

    def _absent(self, node: tree.Node, at: At, facts: dict[Key, Narrow]) -> None:
        if isinstance(node, tree.Binary) and node.operator == "|":
            self._absent(node.left, at, facts)
            self._absent(node.right, at, facts)
            return
        self._note(node, at, facts, Narrow(exists=False))

    def _note(self, node: tree.Node, at: At, facts: dict[Key, Narrow], narrow: Narrow) -> None:
        key = self._expressions.key(node, at)
        if key is not None and len(key) > 1:
            known = facts.get(key)
            facts[key] = narrow if known is None else known.both(narrow)


def _that(node: tree.FunctionCall, codes: frozenset[Scalar] | None) -> frozenset[Scalar] | None:
    """Return the texts for which a test with a text that is written there is true; None: not known."""
    test = _TESTS.get(node.name)
    argument = node.arguments[0] if node.arguments else None
    if test is None or codes is None or not (isinstance(argument, tree.Literal) and isinstance(argument.value, str)):
        return None
    return frozenset(code for code in codes if isinstance(code, str) and test(code, argument.value))


def _kinds(value: Value) -> set[str]:
    """Return the kinds of scalars that a value can be, as people call them; none when one is not known."""
    kinds = {_KINDS.get(shape.type or "") for shape in value.shapes if shape.made is None}
    known = {kind for kind in kinds if kind is not None}
    return known if len(known) == len(kinds) and all(shape.made is None for shape in value.shapes) else set()


def _narrow(codes: frozenset[Scalar], *, equal: bool, holds: bool) -> Narrow:
    if equal is holds:
        return Narrow(exists=True if holds else None, only=codes)
    return Narrow(exists=True if holds else None, never=codes)


def _is_list(node: tree.Node) -> bool:
    """Return whether a node is ``('a' | 'b')``."""
    if isinstance(node, tree.Binary) and node.operator == "|":
        return all(isinstance(side, tree.Literal) or _is_list(side) for side in (node.left, node.right))
    return False


def _and(one: bool | None, two: bool | None) -> bool | None:
    if one is False or two is False:
        return False
    return None if one is None or two is None else True


def _or(one: bool | None, two: bool | None) -> bool | None:
    if one is True or two is True:
        return True
    return None if one is None or two is None else False


def _not(truth: Truth) -> Truth:
    return frozenset(None if one is None else not one for one in truth)
