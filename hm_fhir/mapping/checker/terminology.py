"""Whether codes fit the binding of an element. Source: https://hl7.org/fhir/R4/terminologies.html#strength."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from hm_fhir.errors import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hm_fhir.fhir.definitions import Binding, TypeModel, ValueSetCodes
    from hm_fhir.mapping.checker.finding import Findings, Spot
    from hm_fhir.mapping.checker.values import Coding, Scalar

_SHOWN: Final = 5
_SUGGESTED_FROM: Final = 60
_NEAR: Final = 0.75
"""Similarity of two codes from which one is most likely the other, misspelled: 3 of 4 letters."""


class Terminology:
    """Compares codes with value sets.

    Args:
        model: has the value sets.
        findings: where mistakes are added.
    """

    def __init__(self, model: TypeModel, findings: Findings) -> None:
        self._model = model
        self._findings = findings

    def codes_of(self, binding: Binding | None) -> ValueSetCodes | None:
        """Return the codes of a binding that binds, or None."""
        if binding is None or binding.value_set is None or binding.strength not in {"required", "extensible"}:
            return None
        return self._model.value_set(binding.value_set)

    def code(self, codes: Iterable[Scalar] | None, binding: Binding | None, spot: Spot, *, via: str | None) -> None:
        """Check what flows into an element of type code.

        Args:
            codes: all that it can be, or None.
            binding: of the element.
            spot: where it flows.
            via: what gives the codes, for the message.
        """
        allowed = self.codes_of(binding)
        if allowed is None or binding is None or binding.strength != "required":
            return
        if codes is None:
            self._findings.warning(
                spot,
                "free-code",
                f"this can be any text, and only codes of {_name(allowed)} are allowed here",
                "give it through a concept map, or with iif()",
            )
            return
        wrong = sorted({str(code) for code in codes} - allowed.codes)
        if wrong:
            subject = f"{via} gives {_listed(wrong)}, which" if via else _listed(wrong)
            self._findings.error(
                spot, "wrong-code", f"{subject} is not in the value set {_name(allowed)}", _fix(wrong, allowed)
            )

    def concept(
        self, items: list[frozenset[Coding] | None], binding: Binding | None, spot: Spot, *, via: str | None
    ) -> None:
        """Check the codings of an element of type Coding or CodeableConcept, of which one must fit.

        Args:
            items: for each coding all that it can be, or None.
            binding: of the element.
            spot: of the element.
            via: what gives the codes, for the message.
        """
        allowed = self.codes_of(binding)
        if allowed is None or binding is None or not items or None in items:
            return
        every: set[Coding] = set()
        for item in items:
            assert item is not None  # noqa: S101 - see above
            if item and all(system is None or allowed.contains(code, system) for system, code in item):
                return
            every |= item
        if binding.strength == "required":
            self._required(items, every, allowed, spot, via)
            return
        # An extensible binding allows other codes for what the value set does not have. Whether the code system has
        # one is not known here, but one that differs in a letter is most likely misspelled.
        if any(allowed.contains(code, system) for system, code in every if system):
            return
        for system, code in sorted(every, key=str):
            near = _nearly(code, allowed.systems.get(system or "", frozenset()))
            if near is not None:
                message = f"{code!r} is not in the value set {_name(allowed)}, {near!r} is"
                self._findings.warning(spot, "unusual-code", message, f"did you mean {near!r}?")

    def _required(
        self,
        items: list[frozenset[Coding] | None],
        every: set[Coding],
        allowed: ValueSetCodes,
        spot: Spot,
        via: str | None,
    ) -> None:
        wrong = {
            (system, code) for system, code in every if system is not None and not allowed.contains(code, system)
        }
        if len(items) > 1 and len(wrong) < len(every):
            return  # which of them come together is not known
        if not wrong:
            return
        codes = sorted(code for _, code in wrong)
        subject = f"{via} gives {_listed(codes)}, which" if via else _listed(codes)
        other = [system for system, _ in wrong if system not in allowed.systems]
        fix = f"the system must be {' or '.join(allowed.systems)}" if other else _fix(codes, allowed)
        self._findings.error(spot, "wrong-code", f"{subject} is not in the value set {_name(allowed)}", fix)


def _nearly(code: str, allowed: frozenset[str]) -> str | None:
    """Return the code that one is most likely a misspelling of, or None."""
    same = [one for one in allowed if one.casefold() == code.casefold()]
    near = same or get_close_matches(code, sorted(allowed), n=1, cutoff=_NEAR)
    return near[0] if near and code not in allowed else None


def _fix(wrong: list[str], allowed: ValueSetCodes) -> str | None:
    if len(allowed.codes) > _SUGGESTED_FROM:
        near = did_you_mean(wrong[0], allowed.codes)
        return near if near and near.startswith("did") else f"see {allowed.url}"
    return did_you_mean(wrong[0], allowed.codes)


def _listed(codes: list[str]) -> str:
    shown = ", ".join(repr(code) for code in codes[:_SHOWN])
    return shown if len(codes) <= _SHOWN else f"{shown} and {len(codes) - _SHOWN} more"


def _name(allowed: ValueSetCodes) -> str:
    return allowed.url.rpartition("/")[2]
