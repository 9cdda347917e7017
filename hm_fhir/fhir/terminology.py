"""Whether a code is in a value set, is a code at all, stands above another one: from the resources at hand.

Every answer is True, False, or None where it cannot be decided: a code system that is not at hand (SNOMED CT, LOINC,
ICD-10), or only a fragment of it. None is never "valid"; `Membership.why_open` says why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import islice
from typing import Any, Final, Protocol

from hm_fhir.fhir.code_systems import CodeSystem, folds
from hm_fhir.fhir.elements import ValueSetCodes
from hm_fhir.fhir.expansion import Surroundings, extent_of
from hm_fhir.fhir.extent import Extent, Slice, Verdict, either, unknown
from hm_fhir.fhir.known_systems import KNOWN_SYSTEMS

__all__ = ["Membership", "Resources", "Store", "Terminology", "Verdict", "r4_terminology"]

Json = Mapping[str, Any]
Contains = Callable[[str | None, str], Verdict]

_EVERYTHING: Final = {
    "http://loinc.org/vs": "http://loinc.org",
    "http://snomed.info/sct?fhir_vs": "http://snomed.info/sct",
}
"""Value sets of whole code systems that have no resource, and what the URLs of parts of them begin with."""


class Store(Protocol):
    """Where resources come from."""

    def value_sets(self, url: str) -> Sequence[Json]:
        """Return the versions of a ValueSet.

        In place of a composition one may have ``codes`` (system -> codes), and beside them ``abstract``: those that
        only group others.
        """

    def code_systems(self, url: str) -> Sequence[Json]:
        """Return the versions of a CodeSystem."""

    def system_of(self, value_set_url: str) -> str | None:
        """Return the URL of the CodeSystem that names a value set as that of all its codes."""


class Resources:
    """Resources in memory.

    Args:
        resources: JSON of ValueSets and CodeSystems; others are passed over.
    """

    def __init__(self, resources: Iterable[Json]) -> None:
        self._found: dict[tuple[str, str], list[Json]] = {}
        self._systems: dict[str, str] = {}
        for one in resources:
            kind, url = one.get("resourceType"), one.get("url")
            if kind not in {"ValueSet", "CodeSystem"} or not isinstance(url, str):
                continue
            self._found.setdefault((kind, url), []).append(one)
            if isinstance(one.get("valueSet"), str):
                self._systems[one["valueSet"].partition("|")[0]] = url

    def value_sets(self, url: str) -> Sequence[Json]:
        """See `Store`."""
        return self._found.get(("ValueSet", url), ())

    def code_systems(self, url: str) -> Sequence[Json]:
        """See `Store`."""
        return self._found.get(("CodeSystem", url), ())

    def system_of(self, value_set_url: str) -> str | None:
        """See `Store`."""
        return self._systems.get(value_set_url)


class Membership:
    """A value set, prepared for many questions.

    Attributes:
        url: its canonical URL as it was asked for.
        known: whether a ValueSet of that URL (and version) is at hand.
        contains: takes the system and the code and returns whether the code is in it; None: cannot be decided. With
            None as system the code is looked for in all systems: the rule for elements of the type ``code``, whose
            system is implied (https://hl7.org/fhir/R4/terminologies.html#code). Codes that only group others are in
            it, as in the official validation.
        only_systems: the code systems that it has, or may have, codes of; None: any, because a part is not at hand.
        why_open: why some answers are None; None: every answer is True or False.
    """

    __slots__ = ("_listed", "_terminology", "contains", "known", "only_systems", "url", "why_open")

    def __init__(self, url: str, *, known: bool, extent: Extent, terminology: Terminology) -> None:
        self.url = url
        self.known = known
        folding = frozenset(system for system in extent.slices if terminology.folds(system))
        self.contains: Contains = _test(extent, folding)
        self.only_systems = (
            None
            if extent.others is not False
            else frozenset(system for system, one in extent.slices.items() if not one.empty)
        )
        self.why_open = None if extent.decided else "; ".join(extent.reasons) or "a part of it is not at hand"
        self._terminology = terminology
        self._listed: tuple[ValueSetCodes | None] | None = None

    @property
    def listed(self) -> ValueSetCodes | None:
        """All codes of it that data should have, or None when they cannot be listed.

        Codes that only group others (not selectable) are among them only where the value set names them.
        """
        if self._listed is None:
            self._listed = (_listed(self.url, self._terminology.extent(self.url, abstract=False), self._terminology),)
        return self._listed[0]

    def __repr__(self) -> str:
        return f"Membership({self.url!r})"


class Terminology:
    """Answers from ValueSets and CodeSystems; what it says never changes. It may stand on another one.

    Args:
        store: its own resources; they win over those below.
        below: what it stands on.
    """

    def __init__(self, store: Store, *, below: Terminology | None = None) -> None:
        self._stores: tuple[Store, ...] = (store, *(below._stores if below is not None else ()))
        self._extents: dict[tuple[str, bool], Extent] = {}
        self._memberships: dict[str, Membership] = {}
        self._folding: dict[str, bool] = {}
        self._code_systems: dict[tuple[str, str | None, tuple[str, ...]], CodeSystem | None] = {}

    def with_resources(self, resources: Iterable[Json]) -> Terminology:
        """Return one that has these as well; this one stays as it is.

        Args:
            resources: JSON of ValueSets and CodeSystems; others are passed over.
        """
        return Terminology(Resources(resources), below=self)

    def binding(self, value_set_url: str) -> Membership:
        """Return a value set, prepared for many questions; the same object for the same URL.

        Args:
            value_set_url: canonical URL, with or without ``|version``.
        """
        found = self._memberships.get(value_set_url)
        if found is None:
            extent = self.extent(value_set_url)
            known = self._value_set(value_set_url) is not None or self._implied(value_set_url) is not None
            found = Membership(value_set_url, known=known, extent=extent, terminology=self)
            self._memberships[value_set_url] = found
        return found

    def member(self, value_set_url: str, system: str | None, code: str) -> Verdict:
        """Return whether a code is in a value set; None: cannot be decided.

        Args:
            value_set_url: canonical URL, with or without ``|version``.
            system: URI of the code system; None: whatever system of the value set has the code.
            code: the code.
        """
        return self.binding(value_set_url).contains(system, code)

    def codes(self, value_set_url: str) -> ValueSetCodes | None:
        """Return all codes of a value set, or None when they cannot be listed."""
        return self.binding(value_set_url).listed

    def why_open(self, value_set_url: str) -> str | None:
        """Return why not every code can be decided about; None: it can."""
        return self.binding(value_set_url).why_open

    def code(self, system: str, code: str) -> Verdict:
        """Return whether a code system has a code; None: the code system is not at hand, or not complete.

        Args:
            system: URI of the code system.
            code: the code.
        """
        known = KNOWN_SYSTEMS.get(system)
        if known is not None:
            return known.test(code)
        found = self.code_system(system)
        return None if found is None else found.has(code)

    def knows(self, system: str) -> bool:
        """Return whether all codes of a code system are known, so that `code` never answers None."""
        known = KNOWN_SYSTEMS.get(system)
        if known is not None:
            return known.decides
        found = self.code_system(system)
        return found is not None and found.complete

    def folds(self, system: str) -> bool:
        """Return whether codes of a system are compared without regard to case; False for a system not at hand."""
        known = KNOWN_SYSTEMS.get(system)
        if known is not None:
            return known.folds
        found = self._folding.get(system)
        if found is None:
            found = self._folding[system] = any(folds(one) for one in islice(self._defining(system), 1))
        return found

    def subsumes(self, system: str, above: str, below: str) -> Verdict:
        """Return whether one code of a system is the other one or stands above it; None: cannot be decided."""
        if above == below:
            return True
        found = self.code_system(system)
        return None if found is None else found.subsumes(above, below)

    def code_system(
        self, url: str, version: str | None = None, supplements: tuple[str, ...] = ()
    ) -> CodeSystem | None:
        """Return a code system, or None when it is not at hand.

        Args:
            url: its URI.
            version: version that is wanted; another one stands in where it is not at hand.
            supplements: canonical URLs of supplements whose properties count as well.
        """
        key = (url, version, supplements)
        try:
            return self._code_systems[key]
        except KeyError:
            pass
        candidates = list(self._defining(url))
        found = None
        if candidates:
            chosen = next((one for one in candidates if version is not None and one.get("version") == version), None)
            more = [one for named in supplements for one in self._supplement(named, url)]
            try:
                found = CodeSystem(chosen or candidates[0], more)
            except (AttributeError, KeyError, TypeError, ValueError):  # it is no CodeSystem: as if not at hand
                found = None
        self._code_systems[key] = found
        return found

    def _defining(self, url: str) -> Iterator[Json]:
        return (one for one in self._all_code_systems(url) if one.get("content") != "supplement")

    def _supplement(self, canonical: str, system: str) -> Iterator[Json]:
        url, _, version = canonical.partition("|")
        for one in self._all_code_systems(url):
            of = str(one.get("supplements", "")).partition("|")[0]
            if of == system and version in ("", one.get("version")):
                yield one
                return

    def _all_code_systems(self, url: str) -> Iterator[Json]:
        """Yield the versions of a CodeSystem, the one that counts when no version is asked for first."""
        for store in self._stores:
            yield from sorted(store.code_systems(url), key=_age, reverse=True)

    def _value_set(self, canonical: str) -> Json | None:
        url, _, version = canonical.partition("|")
        for store in self._stores:
            for one in sorted(store.value_sets(url), key=_age, reverse=True):
                if version in ("", one.get("version")):
                    return one
        return None

    def extent(self, value_set_url: str, *, abstract: bool = True) -> Extent:
        """Return the codes of a value set with all that is not decided about them.

        Args:
            value_set_url: canonical URL, with or without ``|version``.
            abstract: whether codes that only group others are among them although it does not name them.
        """
        return self._extent(value_set_url, (), abstract)

    def _extent(self, canonical: str, within: tuple[str, ...], abstract: bool) -> Extent:
        if canonical in within:
            return unknown(f"the value set {canonical} includes itself")
        found = self._extents.get((canonical, abstract))
        if found is not None:
            return found
        around = Surroundings(
            lambda url: self._extent(url, (*within, canonical), abstract), self.code_system, self.folds, abstract
        )
        value_set = self._value_set(canonical)
        if value_set is None:
            value_set = self._implied(canonical)
        if value_set is None:
            found = unknown(f"the value set {canonical} is not at hand")
        elif "codes" in value_set:
            found = _stored(value_set, around)
        else:
            try:
                found = extent_of(value_set, around)
            except (AttributeError, KeyError, TypeError, ValueError):  # what a package says may be no ValueSet at all
                found = unknown(f"the definition of the value set {canonical} cannot be read")
        if not within or found.decided:
            # What is open may be so only because of the way that led here.
            self._extents[canonical, abstract] = found
        return found

    def _implied(self, canonical: str) -> Json | None:
        """Return the value set of a URL that has no resource: all of a code system, or a part of one."""
        url = canonical.partition("|")[0]
        system = next((found for store in self._stores if (found := store.system_of(url)) is not None), None)
        if system is None:
            # Which part of it, is not looked at: none of these code systems can be shipped.
            system = next((system for whole, system in _EVERYTHING.items() if url.startswith(whole)), None)
        return None if system is None else {"url": url, "compose": {"include": [{"system": system}]}}


@cache
def r4_terminology() -> Terminology:
    """Return the code systems and value sets of FHIR R4 4.0.1; each is decoded when it is first asked for."""
    # Of no use to those who never ask about a code.
    from hm_fhir.fhir.r4.codes import store

    return Terminology(store())


def _stored(value_set: Json, around: Surroundings) -> Extent:
    kinds = ("codes", "abstract") if around.abstract else ("codes",)
    keys: dict[str, dict[str, Verdict]] = {}
    for kind in kinds:
        for system, codes in value_set.get(kind, {}).items():
            keys.setdefault(system, {}).update((around.key(system, code), True) for code in codes)
    return Extent({system: Slice(known) for system, known in keys.items()})


def _test(extent: Extent, folding: frozenset[str]) -> Contains:
    slices, others = extent.slices, extent.others
    plain = {system: one.codes for system, one in slices.items() if system not in folding and one.codes is not None}

    def contains(system: str | None, code: str) -> Verdict:
        if system is None:
            verdict = others
            for one in slices:
                verdict = either(verdict, contains(one, code))
                if verdict:
                    break
            return verdict
        codes = plain.get(system)
        if codes is not None:
            return code in codes
        found = slices.get(system)
        if found is None:
            return others
        return found.verdict(code.casefold() if system in folding else code)

    return contains


def _listed(url: str, extent: Extent, terminology: Terminology) -> ValueSetCodes | None:
    if extent.others is not False:
        return None
    systems = {}
    for system, one in sorted(extent.slices.items()):
        codes = one.codes
        if codes is None:
            return None
        code_system = terminology.code_system(system) if terminology.folds(system) else None
        systems[system] = codes if code_system is None else frozenset(map(code_system.written, codes))
    return ValueSetCodes(url.partition("|")[0], systems)


def _age(resource: Json) -> tuple[tuple[int, str], ...]:
    """Return what sorts versions: numbers as numbers, other texts after them."""
    parts = str(resource.get("version", "")).replace("-", ".").split(".")
    return tuple((int(part), "") if part.isdecimal() else (-1, part) for part in parts)
