"""Searching the test server (FHIR R4, Search): the parameters of `search_parameters`, and pages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from hm_fhir.testing.exchange import Failure, Resource
from hm_fhir.testing.search_parameters import PARAMETERS, SearchParameter

Matches = Callable[[Resource], bool]

CONTROLS = frozenset({"_count", "_format", "_sort", "_summary", "_total"})

_PREFIX = re.compile(r"(eq|gt|ge|lt|le)?(\d.*)")
_SPLIT = {separator: re.compile(rf"(?<!\\){re.escape(separator)}") for separator in ",|"}


def criteria(type_name: str, query: tuple[tuple[str, str], ...]) -> list[Matches]:
    """Return the conditions that a resource must all meet.

    Args:
        type_name: FHIR type.
        query: parameters; those that only shape the answer are passed over.

    Raises:
        Failure: 400, a parameter is unknown or its value wrong.
    """
    found: list[Matches] = []
    for name, value in query:
        if name in CONTROLS:
            continue
        parameter = PARAMETERS[type_name].get(name)
        if parameter is None:
            raise Failure(400, f"unknown search parameter for {type_name}", code="not-supported")
        alternatives = [part for part in _SPLIT[","].split(value) if part]
        if alternatives:  # an empty value is passed over, as by HAPI FHIR
            found.append(_matcher(parameter, alternatives))
    return found


def meets(resource: Resource, conditions: list[Matches]) -> bool:
    """Whether a resource meets all conditions."""
    return all(condition(resource) for condition in conditions)


def sorted_as_asked(resources: list[Resource], query: tuple[tuple[str, str], ...]) -> list[Resource]:
    """Return the resources in the order that `_sort` asks for.

    Raises:
        Failure: 400, it asks for something else than ``_lastUpdated``, ``-_lastUpdated``, ``_id`` or ``-_id``.
    """
    keys: dict[str, Callable[[Resource], str]] = {
        "_lastUpdated": lambda resource: resource["meta"]["lastUpdated"],
        "_id": lambda resource: resource["id"],
    }
    for value in (value for name, value in query if name == "_sort"):
        for word in reversed(value.split(",")):
            if word.removeprefix("-") not in keys:
                raise Failure(400, "this server sorts by _lastUpdated and _id only", code="not-supported")
            resources = sorted(resources, key=keys[word.removeprefix("-")], reverse=word.startswith("-"))
    return resources


def page_size(query: tuple[tuple[str, str], ...], default: int, most: int) -> int:
    """Return how many resources a page holds: `_count`, silently cut to `most`.

    Raises:
        Failure: 400, `_count` is not a number.
    """
    wanted = default
    for value in (value for name, value in query if name == "_count"):
        if not value.isdigit():
            raise Failure(400, "_count is not a number", code="value")
        wanted = int(value)
    return min(wanted, most)


def _matcher(parameter: SearchParameter, alternatives: list[str]) -> Matches:
    test = {"token": _token, "reference": _reference, "date": _date}[parameter.kind]
    tests = [test(value, parameter) for value in alternatives]
    paths = [path.split(".") for path in parameter.paths]

    def matches(resource: Resource) -> bool:
        values = [value for path in paths for value in _values(resource, path)]
        return any(test(value) for value in values for test in tests)

    return matches


def _values(node: Any, path: list[str]) -> Iterator[Any]:
    """Yield the elements at a path; lists are walked through."""
    if isinstance(node, list):
        for child in node:
            yield from _values(child, path)
    elif not path:
        yield node
    elif isinstance(node, dict) and path[0] in node:
        yield from _values(node[path[0]], path[1:])


def _token(text: str, parameter: SearchParameter) -> Callable[[Any], bool]:
    parts = [part.replace("\\,", ",").replace("\\|", "|") for part in _SPLIT["|"].split(text, maxsplit=1)]
    code = parts[-1]
    system = parts[0] if len(parts) == 2 else None

    def matches(value: Any) -> bool:
        if isinstance(value, str):
            if system is not None:
                raise Failure(400, f"{parameter.name} is a plain code here: search without a system", code="value")
            return value == code
        if not isinstance(value, dict):
            return False
        if "coding" in value:
            return any(map(matches, value["coding"]))
        if system is not None and value.get("system", "") != system:
            return False
        return not code or code == value.get("value", value.get("code"))

    return matches


def _reference(text: str, parameter: SearchParameter) -> Callable[[Any], bool]:
    type_name, _, id_ = text.rpartition("/")
    if type_name and type_name not in PARAMETERS:
        raise Failure(400, f"{parameter.name} wants Type/id or an id", code="value")
    wanted = type_name or parameter.target

    def matches(value: Any) -> bool:
        found, _, found_id = (value.get("reference") or "").partition("/_history/")[0].rpartition("/")
        return found_id == id_ and bool(found) and found == (wanted or found) and found == (parameter.target or found)

    return matches


def _date(text: str, parameter: SearchParameter) -> Callable[[Any], bool]:
    prefixed = _PREFIX.fullmatch(text)
    if prefixed is None:
        raise Failure(400, f"{parameter.name} wants eq, gt, ge, lt or le and a time", code="value")
    low, high = _interval(prefixed[2], parameter)
    prefix = prefixed[1] or "eq"

    def matches(value: Any) -> bool:
        at = datetime.fromisoformat(value)
        after_start, before_end = at >= low, at < high
        return {
            "eq": after_start and before_end,
            "gt": not before_end,
            "ge": after_start,
            "lt": not after_start,
            "le": before_end,
        }[prefix]

    return matches


def _interval(text: str, parameter: SearchParameter) -> tuple[datetime, datetime]:
    """Return the time that a text covers, as precise as it is written: a day, a second, a millisecond."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Failure(400, f"{parameter.name} is not a time", code="value") from None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    if "T" not in text:
        return at, at + timedelta(days=1)
    if "." not in text:
        return at, at + timedelta(seconds=1)
    at = at.replace(microsecond=at.microsecond // 1000 * 1000)
    return at, at + timedelta(milliseconds=1)
