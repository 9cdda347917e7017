"""The surrogate identifier, which the engine adds to every resource, as an item that profiles are compared with."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from hm_fhir.mapping.checker.objects import Leaf
from hm_fhir.mapping.checker.scope import Bound
from hm_fhir.mapping.checker.values import scalar
from hm_fhir.mapping.functions import FUNCTIONS
from hm_fhir.mapping.setting import Setting
from hm_fhir.mapping.template.tree import First, ObjectNode

if TYPE_CHECKING:
    from hm_fhir.mapping.checker.scope import Env, Facts

_TEXT: Final = "surrogate"
"""Stands for what the settings and the key decide."""


def surrogate(env: Env, facts: Facts) -> Leaf:
    """Return ``{system, value}``, of which nothing else is known.

    Args:
        env: where the resource stands.
        facts: what is known there.
    """
    return Leaf(_node(), env.having(**{_TEXT: Bound(scalar("string"), (_TEXT,))}), facts)


@cache
def _node() -> ObjectNode:
    text = First((), Setting().compile(f"%{_TEXT}", FUNCTIONS), keeps_null=False)
    return ObjectNode((), (("system", text), ("value", text)), ())
