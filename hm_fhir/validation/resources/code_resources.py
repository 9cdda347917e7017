"""Rules of CodeSystem, ValueSet and ConceptMap that no invariant of R4 states.

Source: https://hl7.org/fhir/R4/codesystem.html, https://hl7.org/fhir/R4/valueset.html and
https://hl7.org/fhir/R4/conceptmap.html.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from hm_fhir.validation.json_parts import listed, text_of
from hm_fhir.validation.primitives.uris import is_absolute
from hm_fhir.validation.run import Path, Run

_UNCOUNTED: Final = frozenset(["example", "fragment"])


def check_code_system(value: Any, path: Path, run: Run) -> None:
    """Check what a CodeSystem says of its content: number of concepts, supplement or not.

    Args:
        value: the CodeSystem.
        path: where it is.
        run: the validation.
    """
    content, supplements, stated = text_of(value, "content"), value.get("supplements"), value.get("count")
    count = sum(1 for _ in _concepts(value))
    if content == "supplement" and not supplements:
        problem = "a supplement must say in supplements what it adds to"
        run.report("error", "business-rule", "code-system-content", (path, "content"), problem)
    elif supplements and content != "supplement":
        problem = "the content of a code system that supplements another one must be supplement"
        run.report("error", "business-rule", "code-system-content", (path, "content"), problem)
    if supplements and "caseSensitive" in value:
        problem = "a supplement does not say caseSensitive; the code system that it supplements does"
        run.report("error", "business-rule", "code-system-content", (path, "caseSensitive"), problem)
    if content == "not-present" and count:
        problem = "there are concepts, though the content is said not to be present"
        run.report("error", "invalid", "code-system-content", (path, "concept"), problem)
    if type(stated) is int:
        if content == "complete" and stated != count:
            problem = "count is not the number of concepts, though they are said to be complete"
            run.report("error", "invalid", "code-system-content", (path, "count"), problem)
        elif content in _UNCOUNTED and stated <= count:
            problem = "count says that these are all concepts, though the content is said to be a part"
            run.report("warning", "invalid", "code-system-content", (path, "count"), problem)
    _check_properties(value, path, run)


def _concepts(holder: Any) -> Iterator[Any]:
    todo = list(listed(holder, "concept"))
    while todo:
        one = todo.pop()
        if isinstance(one, dict):
            yield one
            todo += listed(one, "concept")


def _check_properties(value: Any, path: Path, run: Run) -> None:
    kinds: dict[str, Any] = {}
    uris: set[str] = set()
    for place, one in enumerate(listed(value, "property")):
        if not isinstance(one, dict):
            continue
        here, code, uri = (path, f"property[{place}]"), one.get("code"), one.get("uri")
        if isinstance(uri, str):
            if not is_absolute(uri):
                run.report("warning", "business-rule", "code-system-property", here, "the URI must be absolute")
            elif uri in uris:
                run.report("warning", "business-rule", "code-system-property", here, "the URI of another property")
            uris.add(uri)
        if isinstance(code, str):
            if code in kinds:
                run.report("warning", "business-rule", "code-system-property", here, "the code of another property")
            kinds[code] = one.get("type")
    if kinds:
        _check_values(value, kinds, path, run)


def _check_values(holder: Any, kinds: dict[str, Any], path: Path, run: Run) -> None:
    """Check the values of properties of concepts against their types."""
    for place, concept in enumerate(listed(holder, "concept")):
        here = (path, f"concept[{place}]")
        for number, one in enumerate(listed(concept, "property")):
            kind = kinds.get(str(one.get("code"))) if isinstance(one, dict) else None
            if isinstance(kind, str) and any(
                key.startswith("value") and key != f"value{kind[:1].upper()}{kind[1:]}" for key in one
            ):
                problem = "the value is not of the type that the code system says of the property"
                run.report("warning", "business-rule", "code-system-property", (here, f"property[{number}]"), problem)
        _check_values(concept, kinds, here, run)


def check_value_set(value: Any, path: Path, run: Run) -> None:
    """Check the code systems that a ValueSet takes codes from.

    Args:
        value: the ValueSet.
        path: where it is.
        run: the validation.
    """
    compose = value.get("compose")
    for name in ("include", "exclude"):
        for place, one in enumerate(listed(compose, name)):
            system = one.get("system") if isinstance(one, dict) else None
            if not isinstance(system, str) or not system:
                continue
            plain, mark, _ = system.partition("|")
            if not is_absolute(system):
                problem = "the URI of a code system must be absolute; a contained one is named by its URL, too"
            elif mark:
                problem = "the version of a code system stands in version, not behind | in system"
            elif run.services.terminology.binding(plain).known:
                problem = "the system is the URL of a value set, not of a code system"
            else:
                continue
            here = ((path, "compose"), f"{name}[{place}]")
            run.report("error", "invalid", "value-set-system", here, problem)


def check_concept_map(value: Any, path: Path, run: Run) -> None:
    """Check the codes that a ConceptMap maps, and what it says to map from and to.

    Args:
        value: the ConceptMap.
        path: where it is.
        run: the validation.
    """
    terminology = run.services.terminology
    scopes: dict[str, str | None] = {}
    for side in ("source", "target"):
        url = next(
            (item for key in (f"{side}Canonical", f"{side}Uri") if isinstance(item := value.get(key), str)), None
        )
        scopes[side] = url if url is not None and terminology.binding(url).known else None
        if url is not None and scopes[side] is None and terminology.knows(url):
            problem = "a value set is mapped, but this is the URL of a code system"
            run.report("error", "invalid", "concept-map-scope", (path, side), problem)
    for place, group in enumerate(listed(value, "group")):
        if not isinstance(group, dict):
            continue
        here = (path, f"group[{place}]")
        for side in ("source", "target"):
            if side not in group:
                run.report("warning", "required", "concept-map-system", here, f"{side} should name the code system")
        for number, element in enumerate(listed(group, "element")):
            there = (here, f"element[{number}]")
            _check_code(element, group.get("source"), scopes["source"], there, run)
            for last, target in enumerate(listed(element, "target")):
                _check_code(target, group.get("target"), scopes["target"], (there, f"target[{last}]"), run)


def _check_code(value: Any, system: Any, scope: str | None, path: Path, run: Run) -> None:
    code = value.get("code") if isinstance(value, dict) else None
    if not isinstance(code, str) or not isinstance(system, str):
        return
    terminology = run.services.terminology
    if terminology.code(system, code) is False:
        problem = "the code system does not have the code"
        run.report("error", "code-invalid", "code-unknown", (path, "code"), problem)
    elif scope is not None and terminology.member(scope, system, code) is False:
        problem = "the value set that is mapped does not have the code"
        run.report("error", "code-invalid", "concept-map-scope", (path, "code"), problem)
