"""Texts that were meant as expressions, and references written by hand.

A template takes ``start: period.start`` for the text `period.start`. Only what is valid on the activity is doubted: a
path of several names, a name with an underscore, a call, or a variable.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from hm_fhir.errors import ExpressionError
from hm_fhir.fhirpath import tree
from hm_fhir.mapping.checker.world import tree_of
from hm_fhir.mapping.template.tree import Constant, First, Insertion, Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hm_fhir.mapping.checker.objects import Leaf, Objects, Variant
    from hm_fhir.mapping.checker.values import Shape
    from hm_fhir.mapping.checker.world import World

_EXPRESSION: Final = re.compile(r"%?[A-Za-z_]\w*(?:\(.*\))?(?:\.[A-Za-z_]\w*(?:\(.*\))?)*", re.ASCII | re.DOTALL)
_PLAIN_WORD: Final = re.compile(r"[A-Za-z0-9]*")
_ELSEWHERE: Final = re.compile(r"#|https?://|urn:")
"""How a reference begins that the engine need not make: to what is contained, or outside of this receiver."""


def as_expression(shape: Shape, leaf: Leaf, world: World) -> str | None:
    """Return the fix for a text of a template that is valid as an expression where it stands, or None.

    Args:
        shape: of the text.
        leaf: the node that gives it.
        world: the mapping.
    """
    written = shape.spot is not None and shape.spot.text is None and shape.codes is not None
    if not written or shape.codes is None or len(shape.codes) != 1:
        return None
    text = next(iter(shape.codes))
    if not isinstance(text, str) or not _EXPRESSION.fullmatch(text) or _PLAIN_WORD.fullmatch(text):
        return None
    root = leaf.env.root.shapes[0].type if len(leaf.env.root.shapes) == 1 else None
    if root is None or isinstance(world.shared.static(text, root, {}), ExpressionError):
        return None
    node = tree_of(text)
    if not isinstance(node, tree.Member | tree.FunctionCall | tree.Variable):
        return None
    names = [one.name for one in tree.walk(node) if isinstance(one, tree.Variable)]
    return f'write "{{{{ {text} }}}}"' if all(name in leaf.env.variables for name in names) else None


def written_by_hand(variant: Variant, objects: Objects) -> Iterator[Leaf]:
    """Yield what writes the id of a resource into a Reference."""
    for member in variant.members.get("reference", ()):
        for leaf in objects.leaves(member):
            begins = _beginning(leaf)
            if begins is not None and not _ELSEWHERE.match(begins):
                yield leaf


def _beginning(leaf: Leaf) -> str | None:
    """Return the text that something begins with, as far as it is written."""
    match leaf.node:
        case Constant(value=str() as text):
            return text
        case Text(parts=(str() as text, *_)):
            return text
        case Text(parts=(Insertion(expression=expression), *_)) | First(expression=expression):
            node = tree_of(expression.text)
            while isinstance(node, tree.Binary) and node.operator in {"&", "+"}:
                node = node.left
            return node.value if isinstance(node, tree.Literal) and isinstance(node.value, str) else None
        case _:
            return None
