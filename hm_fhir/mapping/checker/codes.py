"""Whether codes fit the binding of an element, and exist. Source: https://hl7.org/fhir/R4/terminologies.html#strength."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from hm_fhir.errors import did_you_mean
from hm_fhir.mapping.checker.naming import short

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from hm_fhir.fhir.definitions import Binding
    from hm_fhir.fhir.terminology import Membership, Terminology
    from hm_fhir.mapping.checker.finding import Findings, Spot
    from hm_fhir.mapping.checker.values import Coding, Scalar

_SHOWN: Final = 5
_SUGGESTED_FROM: Final = 60
_NEAR: Final = 0.75
"""Similarity of two codes from which one is most likely the other, misspelled: 3 of 4 letters."""


class Codes:
    """Compares codes with value sets and code systems.

    Args:
        terminology: has both.
        checked_elsewhere: code systems whose codes ``coding()`` has looked at.
        findings: where mistakes are added.
    """

    def __init__(self, terminology: Terminology, checked_elsewhere: Collection[str], findings: Findings) -> None:
        self._terminology = terminology
        self._checked_elsewhere = checked_elsewhere
        self._findings = findings

    def allowed(self, value_set: str | None) -> Membership | None:
        """Return what says of a code whether it is in a value set, or None when nothing is known of that."""
        found = self._terminology.binding(value_set) if value_set is not None else None
        return found if found is not None and found.known else None

    def bound(self, binding: Binding | None) -> list[tuple[Membership, bool]]:
        """Return the value sets that bind an element, each with whether every code must be in it."""
        if binding is None:
            return []
        asked = [(binding.max_value_set, True)]
        if binding.strength in {"required", "extensible"}:
            asked.append((binding.value_set, binding.strength == "required"))
        found = [(self.allowed(url), is_required) for url, is_required in asked]
        return [(allowed, is_required) for allowed, is_required in found if allowed is not None]

    def code(self, codes: Iterable[Scalar] | None, binding: Binding | None, spot: Spot, *, via: str | None) -> None:
        """Check what flows into an element of type code.

        Args:
            codes: all that it can be, or None.
            binding: of the element.
            spot: where it flows.
            via: what gives the codes, for the message.
        """
        for allowed, is_required in self.bound(binding):
            if not is_required:
                continue
            if codes is None:
                if allowed.listed is not None:
                    self._findings.warning(
                        spot,
                        "free-code",
                        f"this can be any text, and only codes of {short(allowed.url)} are allowed here",
                        "give it through a concept map, or with iif()",
                    )
                continue
            wrong = sorted(str(code) for code in codes if allowed.contains(None, str(code)) is False)
            if wrong:
                subject = f"{via} gives {_listed(wrong)}, which" if via else _listed(wrong)
                self._findings.error(
                    spot,
                    "wrong-code",
                    f"{subject} is not in the value set {short(allowed.url)}",
                    _fix(wrong, allowed),
                )

    def concept(
        self,
        items: list[frozenset[Coding] | None],
        binding: Binding | None,
        spot: Spot,
        *,
        via: str | None,
        is_own: bool = False,
        are_checked: bool = False,
    ) -> None:
        """Check the codings of an element of type Coding or CodeableConcept, of which one must fit.

        Args:
            items: for each coding all that it can be, or None.
            binding: of the element.
            spot: of the element.
            via: what gives the codes, for the message.
            is_own: whether a profile binds the element, and not FHIR itself.
            are_checked: whether the codings are checked by themselves, too.
        """
        if not items or None in items:
            return
        known = [item for item in items if item is not None]
        bound = self.bound(binding)
        for allowed, is_required in bound:
            if is_required and not _fit(known, allowed):
                self._required(known, allowed, spot, via)
                return
        missing = self._missing(known)
        if missing:
            if not are_checked:
                self._say_missing(missing, spot, via)
            return
        for allowed, is_required in bound:
            if not is_required and not _fit(known, allowed):
                self._extensible(known, allowed, spot, is_own=is_own)

    def _missing(self, items: Iterable[frozenset[Coding]]) -> list[tuple[str, str]]:
        """Return the codes that their code systems do not have, as far as these are at hand."""
        every = {(system, code) for item in items for system, code in item if system}
        return sorted(
            (system, code)
            for system, code in every
            if system not in self._checked_elsewhere and self._terminology.code(system, code) is False
        )

    def _say_missing(self, missing: list[tuple[str, str]], spot: Spot, via: str | None) -> None:
        if self._findings.has(spot, "wrong-code"):
            return
        for system, code in missing:
            subject = f"{via} gives {code!r}, which" if via else repr(code)
            near = self._near_in(system, code)
            fix = f"did you mean {near!r}?" if near else f"see {system}"
            self._findings.error(spot, "unknown-code", f"{subject} is no code of {system}", fix)

    def _near_in(self, system: str, code: str) -> str | None:
        found = self._terminology.code_system(system)
        return _nearly(code, frozenset(found.codes)) if found is not None else None

    def _extensible(
        self, items: Iterable[frozenset[Coding]], allowed: Membership, spot: Spot, *, is_own: bool
    ) -> None:
        # An extensible binding allows other codes for what the value set does not have. Whether it has one is not
        # known here, but who writes a profile means what it binds, and a code that differs in a letter is misspelled.
        every = {coding for item in items for coding in item}
        if any(allowed.contains(system, code) for system, code in every if system):
            return
        listed = allowed.listed
        for system, code in sorted(every, key=str):
            near = _nearly(code, listed.systems.get(system or "", frozenset())) if listed is not None else None
            if near is not None:
                message = f"{code!r} is not in the value set {short(allowed.url)}, {near!r} is"
                self._findings.warning(spot, "unusual-code", message, f"did you mean {near!r}?")
                return
        if is_own:
            codes = _listed(sorted(code for _, code in every))
            self._findings.warning(
                spot,
                "unusual-code",
                f"{codes} is not in the value set {short(allowed.url)}, which the profile wants if a code fits",
                "add a coding with a code of the value set",
            )

    def _required(self, items: list[frozenset[Coding]], allowed: Membership, spot: Spot, via: str | None) -> None:
        every = {coding for item in items for coding in item}
        wrong = {
            (system, code) for system, code in every if system is not None and allowed.contains(system, code) is False
        }
        if len(items) > 1 and len(wrong) < len(every):
            return  # which of them come together is not known
        if not wrong:
            return
        codes = sorted(code for _, code in wrong)
        subject = f"{via} gives {_listed(codes)}, which" if via else _listed(codes)
        systems = allowed.only_systems
        other = [system for system, _ in wrong if systems is not None and system not in systems]
        fix = f"the system must be {' or '.join(sorted(systems))}" if other and systems else _fix(codes, allowed)
        self._findings.error(spot, "wrong-code", f"{subject} is not in the value set {short(allowed.url)}", fix)


def _fit(items: Iterable[frozenset[Coding]], allowed: Membership) -> bool:
    """Return whether one of several codings is in a value set for every activity, as far as it is known."""
    return any(
        item and all(system is None or allowed.contains(system, code) is not False for system, code in item)
        for item in items
    )


def _nearly(code: str, allowed: frozenset[str]) -> str | None:
    """Return the code that one is most likely a misspelling of, or None."""
    same = [one for one in allowed if one.casefold() == code.casefold()]
    near = same or get_close_matches(code, sorted(allowed), n=1, cutoff=_NEAR)
    return near[0] if near and code not in allowed else None


def _fix(wrong: list[str], allowed: Membership) -> str | None:
    listed = allowed.listed
    if listed is None:
        return f"see {allowed.url.partition('|')[0]}"
    if len(listed.codes) > _SUGGESTED_FROM:
        near = did_you_mean(wrong[0], listed.codes)
        return near if near and near.startswith("did") else f"see {listed.url}"
    return did_you_mean(wrong[0], listed.codes)


def _listed(codes: list[str]) -> str:
    shown = ", ".join(repr(code) for code in codes[:_SHOWN])
    return shown if len(codes) <= _SHOWN else f"{shown} and {len(codes) - _SHOWN} more"
