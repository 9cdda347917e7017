"""Codes of elements whose codes are listed: those of an activity, where it is what a template makes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hm_fhir.errors import did_you_mean
from hm_fhir.mapping.checker.values import WrittenCode

if TYPE_CHECKING:
    from hm_fhir.mapping.checker.finding import Findings, Spot
    from hm_fhir.mapping.checker.values import Shape


class ListedCodes:
    """Compares codes with the list of an element.

    Args:
        findings: where mistakes are added.
    """

    def __init__(self, findings: Findings) -> None:
        self._findings = findings

    def check(self, shape: Shape, allowed: frozenset[str], name: str, spot: Spot) -> None:
        """Report codes that the element does not have, each where it is written.

        Args:
            shape: the item.
            allowed: the codes of the element.
            name: of the element, for messages.
            spot: where it flows.
        """
        if shape.codes is None:
            if shape.type == "code":
                return  # which one is only known when it is there
            self._findings.warning(
                spot,
                "free-code",
                f"this can be any text, and {name} is one of a list of codes",
                "say with `codes` what its words stand for, or `type: code` where they are such codes",
            )
            return
        for code in sorted(shape.codes - allowed, key=str):
            written = code.spot if isinstance(code, WrittenCode) else None
            self._findings.error(
                written or spot, "wrong-code", f"{code!r} is no code of {name}", did_you_mean(str(code), allowed)
            )
