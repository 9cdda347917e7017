"""Code systems that are a grammar or a registry instead of a list of concepts: what is a code of them.

MIME types (RFC 6838), language tags (RFC 5646), UCUM units, subdivisions of countries (ISO 3166-2).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final

import msgspec

from hm_fhir.fhir.extent import Rule, Slice, Verdict

MIME_TYPES: Final = "urn:ietf:bcp:13"
LANGUAGES: Final = "urn:ietf:bcp:47"
UNITS: Final = "http://unitsofmeasure.org"
SUBDIVISIONS: Final = "urn:iso:std:iso:3166:-2"

_REMEMBERED: Final = 1024
"""How many answers are kept: the same few codes come again and again."""


@dataclass(frozen=True, slots=True)
class KnownSystem:
    """A code system whose codes are known by rule.

    Args:
        test: whether a text is a code of it.
        decides: whether `test` never answers None.
        folds: whether codes are compared without regard to case.
    """

    test: Callable[[str], Verdict]
    decides: bool = True
    folds: bool = False

    def slice(self) -> Slice:
        """Return all codes of it."""
        return Slice(rest=Rule(self.test, self.decides))

    def filtered(self, name: str, operation: str, value: str) -> Slice:
        """Return the codes that a filter lets through; open where it cannot be said.

        Args:
            name: property that the filter looks at.
            operation: see https://hl7.org/fhir/R4/valueset-filter-operator.html.
            value: what it asks for.
        """
        if self.test is is_unit and (name, operation) == ("canonical", "="):
            return Slice(rest=Rule(lambda code: _comparable(code, value)))
        # Even then a text that is no code at all is not let through.
        return Slice(rest=Rule(lambda code: None if self.test(code) is not False else False, decides=False))


_NAME: Final = r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}"
_PARAMETER: Final = r"\s*;\s*[A-Za-z0-9!#$%&'*+.^_`|~-]+=(?:[A-Za-z0-9!#$%&'*+.^_`|~-]+|\"[^\"\\]*(?:\\.[^\"\\]*)*\")"
_MIME: Final = re.compile(rf"{_NAME}/{_NAME}(?:{_PARAMETER})*")
_SHORT_FORMATS: Final = frozenset({"xml", "json", "ttl"})
"""Short names that FHIR uses as MIME types: https://hl7.org/fhir/R4/http.html#parameters"""


@lru_cache(maxsize=_REMEMBERED)
def is_mime_type(text: str) -> bool:
    """Return whether a text has the form of a media type with its parameters (RFC 6838 section 4.2, RFC 2045)."""
    return text in _SHORT_FORMATS or _MIME.fullmatch(text) is not None


_ANNOTATION: Final = re.compile(r"\{[^{}]*\}")


@lru_cache(maxsize=_REMEMBERED)
def is_unit(text: str) -> bool:
    """Return whether a text is a UCUM unit.

    Notes in braces may hold blanks, which UCUM does not allow and FHIR's own value set of common units has
    (https://hl7.org/fhir/R4/valueset-ucum-common.html).
    """
    # Units are only asked for by those who meet one.
    from hm_fhir.fhir.units import parse_unit

    unit = _ANNOTATION.sub(lambda found: found[0].replace(" ", ""), text)
    return unit == "[m/s2/Hz^(1/2)]" or parse_unit(unit) is not None


def _comparable(code: str, canonical: str) -> bool:
    from hm_fhir.fhir.units import comparable

    return comparable(code, canonical)


_SUBDIVISION: Final = re.compile(r"([A-Z]{2})-[A-Z0-9]{1,3}")


def is_subdivision(text: str) -> Verdict:
    """Return False for what is no ISO 3166-2 code; the codes themselves are not at hand."""
    return None if _SUBDIVISION.fullmatch(text) else False


_LANGTAG: Final = re.compile(
    r"(?P<language>[a-z]{2,3}(?P<extlang>(?:-[a-z]{3}){0,3})|[a-z]{4}|[a-z]{5,8})"
    r"(?:-(?P<script>[a-z]{4}))?"
    r"(?:-(?P<region>[a-z]{2}|[0-9]{3}))?"
    r"(?P<variants>(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*)"
    r"(?P<extensions>(?:-[0-9a-wy-z](?:-[a-z0-9]{2,8})+)*)"
    r"(?:-x(?:-[a-z0-9]{1,8})+)?"
)
_PRIVATE: Final = re.compile(r"x(?:-[a-z0-9]{1,8})+")
_SINGLETON: Final = re.compile(r"-([0-9a-wy-z])(?=-)")


class _Subtags(msgspec.Struct):
    """The IANA registry: lower-case subtags in one text each, separated by blanks; ``qaa..qtz`` is a range."""

    date: str
    language: str
    extlang: str
    script: str
    region: str
    variant: str
    grandfathered: str


@lru_cache(maxsize=_REMEMBERED)
def is_language_tag(text: str) -> bool:
    """Return whether a text is a valid language tag: well-formed, of registered subtags (RFC 5646 section 2.2.9)."""
    tag = text.lower() if text.isascii() else ""
    if _PRIVATE.fullmatch(tag) or tag in _subtags("grandfathered"):
        return True
    found = _LANGTAG.fullmatch(tag)
    if found is None:
        return False
    parts = found["language"].split("-")
    variants = found["variants"].split("-")[1:]
    singletons = _SINGLETON.findall(found["extensions"])
    return (
        parts[0] in _subtags("language")
        and all(one in _subtags("extlang") for one in parts[1:])
        and (found["script"] is None or found["script"] in _subtags("script"))
        and (found["region"] is None or found["region"] in _subtags("region"))
        and all(one in _subtags("variant") for one in variants)
        and len(set(variants)) == len(variants)
        and len(set(singletons)) == len(singletons)
    )


@cache
def _registry() -> _Subtags:
    return msgspec.json.decode(files("hm_fhir.fhir").joinpath("r4/language_subtags.json").read_bytes(), type=_Subtags)


@cache
def _subtags(kind: str) -> frozenset[str]:
    found: set[str] = set()
    text: str = getattr(_registry(), kind)
    for one in text.split():
        first, _, last = one.partition("..")
        found.update(_between(first, last) if last else (first,))
    return frozenset(found)


def _between(first: str, last: str) -> list[str]:
    """Return all subtags of the letters a to z from one to another."""
    width = len(first)
    return [_letters(number, width) for number in range(_number(first), _number(last) + 1)]


def _number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("a")
    return number


def _letters(number: int, width: int) -> str:
    letters = []
    for _ in range(width):
        number, rest = divmod(number, 26)
        letters.append(chr(ord("a") + rest))
    return "".join(reversed(letters))


KNOWN_SYSTEMS: Final[Mapping[str, KnownSystem]] = {
    MIME_TYPES: KnownSystem(is_mime_type, folds=True),
    LANGUAGES: KnownSystem(is_language_tag, folds=True),
    UNITS: KnownSystem(is_unit),
    SUBDIVISIONS: KnownSystem(is_subdivision, decides=False),
}
"""URI of a code system -> its rule."""
