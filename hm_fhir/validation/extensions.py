"""Extensions: whether their definition is at hand, what it asks, and whether they may stand where they stand.

Source: https://hl7.org/fhir/R4/extensibility.html and https://hl7.org/fhir/R4/defining-extensions.html#context.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from hm_fhir.errors import ExpressionError, HmFhirError
from hm_fhir.fhir.elements import Context
from hm_fhir.fhirpath import expression
from hm_fhir.fhirpath.compiled import Scope
from hm_fhir.validation.run import Path, Run

if TYPE_CHECKING:
    from hm_fhir.fhir.definitions import TypeDefinition, TypeModel
    from hm_fhir.validation.profiles import Profiles


class Extensions:
    """Checks extensions against their definitions.

    Args:
        types: the type model.
        profiles: makes the checks of definitions.
    """

    def __init__(self, types: TypeModel, profiles: Profiles) -> None:
        self._types = types
        self._profiles = profiles
        self._places = lru_cache(maxsize=4096)(self._names_of)

    def check(self, value: dict[str, Any], path: Path, run: Run) -> None:
        """Check one extension; what holds for all extensions was checked before."""
        url = value.get("url")
        if not isinstance(url, str):
            return
        if not _is_absolute(url):  # a part of another extension, which says what it is
            above = path[0][1] if path[0] else ""
            if not above.startswith(("extension[", "modifierExtension[")):
                text = "the url must be absolute: only parts of extensions have a name instead"
                run.report("error", "extension", "extension-url", path, text)
            return
        modifier = path[1].startswith("modifierExtension")
        definition = self._types.type(url)
        if definition is None or not self._types.is_subtype(definition.name, "Extension"):
            rule = "modifier-extension-unknown" if modifier else "extension-unknown"
            text = "the definition of the extension is not at hand, so it was not checked"
            run.report("information", "extension", rule, path, text)
            return
        profile = definition.name
        if definition.is_modifier != modifier:
            text = (
                "the extension does not change the meaning of others: it must stand under extension"
                if modifier
                else "the extension changes the meaning of others: it must stand under modifierExtension"
            )
            run.report("error", "extension", "extension-modifier", path, text, profile)
        check = self._profiles.check(profile, "Extension")
        if check is not None:
            check(value, path, run)
        self._check_parts(definition, value, path, run)
        if definition.contexts:
            self._check_context(definition, value, path, run)

    def _check_parts(self, definition: TypeDefinition, value: dict[str, Any], path: Path, run: Run) -> None:
        """Check that the parts of an extension that have a name, not a URL, are those of its definition."""
        parts = value.get("extension")
        element = definition.elements.get("extension")
        if not isinstance(parts, list) or element is None:
            return
        known = {self._profiles.discriminators.url_of(one) for one in element.slices}
        for place, part in enumerate(parts):
            url = part.get("url") if isinstance(part, dict) else None
            if isinstance(url, str) and not _is_absolute(url) and url not in known:
                here = (path, f"extension[{place}]")
                text = "the definition of the extension has no such part"
                run.report("error", "extension", "extension-part", here, text, definition.name)

    def _check_context(self, definition: TypeDefinition, value: dict[str, Any], path: Path, run: Run) -> None:
        steps = _steps(path[0], run.place)
        if steps is None:
            return
        kind = run.resource.get("resourceType")
        names = self._places(kind if isinstance(kind, str) else "", steps)
        also = ERRATA.get(definition.name, ())
        if not any(self._allowed(context, names, steps, run) for context in (*definition.contexts, *also)):
            allowed = ", ".join(sorted(f"{one.expression}" for one in definition.contexts))
            text = f"the extension may not stand here, only on {allowed}"
            run.report("error", "extension", "extension-context", path, text, definition.name)
            return
        holder = _value_at(run.resource, steps)
        for invariant in definition.context_invariants:
            if not self._holds(invariant, holder, value, run):
                text = "the extension may not stand here: an invariant of its definition is not met"
                run.report("error", "invariant", "extension-context", path, text, definition.name)

    def _allowed(self, context: Context, names: frozenset[str], steps: tuple[str, ...], run: Run) -> bool:
        if context.type == "extension":
            holder = _value_at(run.resource, steps)
            return isinstance(holder, dict) and holder.get("url") == context.expression
        if context.type == "fhirpath":
            holder = _value_at(run.resource, steps)
            try:
                found = expression.compile(context.expression, types=self._types, strict=False)
                return any(one is holder for one in found.values(Scope(run.resource)))
            except (ExpressionError, HmFhirError):
                return True  # what cannot be decided is no error of the data
        wanted = context.expression.removeprefix(_TYPE_URL)
        return wanted == "Element" or wanted in names  # Element: anywhere, also on a resource

    def _holds(self, text: str, holder: Any, value: Any, run: Run) -> bool:
        try:
            compiled = expression.compile(text, types=self._types, strict=False)
            return compiled.true(Scope(holder, {"extension": value, "resource": run.resource}, run))
        except (ExpressionError, HmFhirError):
            return True

    def _names_of(self, resource_type: str, steps: tuple[str, ...]) -> frozenset[str]:
        """Return all names by which a context may mean the element at a path of a resource.

        ``Patient.contact.name`` is also a ``HumanName`` and an ``Element``; ``Patient.name.family`` is also
        ``HumanName.family`` and a ``string``.
        """
        paths = {resource_type}
        kinds = self._ancestors(resource_type)
        for step in steps:
            name, _, typed = step.partition("[")[0].partition(".ofType(")
            below: set[str] = set()
            of_kind: str | None = None
            for kind in kinds:
                definition = self._types.type(kind)
                element = definition.elements.get(name) if definition is not None else None
                if element is not None:
                    shown = f"{name}[x]" if element.choice else name
                    below |= {f"{above}.{shown}" for above in (*paths, *kinds)}
                    below |= {f"{above}.{name}" for above in (*paths, *kinds)}
                    of_kind = typed.rstrip(")") or (element.types[0] if element.types else None)
                    break
            paths = below
            kinds = self._ancestors(of_kind) if of_kind else ()
        return frozenset(paths) | frozenset(kinds)

    def _ancestors(self, name: str) -> tuple[str, ...]:
        found = []
        definition = self._types.type(name)
        while definition is not None:
            found.append(definition.name)
            definition = self._types.type(definition.base) if definition.base else None
        return tuple(found)


_TYPE_URL: Final = "http://hl7.org/fhir/StructureDefinition/"

ERRATA: Final[Mapping[str, tuple[Context, ...]]] = {
    # The definitions of R4 themselves have them there, and the official validation agrees.
    f"{_TYPE_URL}structuredefinition-fhir-type": (Context("element", "ElementDefinition.type"),),
    f"{_TYPE_URL}regex": (Context("element", "ElementDefinition.type"),),
    f"{_TYPE_URL}structuredefinition-normative-version": (Context("element", "Element"),),
    f"{_TYPE_URL}capabilitystatement-expectation": (Context("element", "Element"),),
    f"{_TYPE_URL}capabilitystatement-prohibited": (Context("element", "Element"),),
}
"""Extension of R4 -> where it may stand beside the places that its definition names."""

_is_absolute: Final = re.compile(r"[a-z][a-z0-9+.\-]*:").match


def _steps(path: Path | None, place: Path | None) -> tuple[str, ...] | None:
    """Return the steps from a resource down to an element; None when it is not below it."""
    found = []
    while path is not None and path is not place:
        found.append(path[1])
        path = path[0]
    return tuple(reversed(found)) if path is place else None


def _value_at(resource: Any, steps: tuple[str, ...]) -> Any:
    """Return the JSON value at a path of a resource; None when there is none."""
    value = resource
    for step in steps:
        name, _, rest = step.partition("[")
        name, _, typed = name.partition(".ofType(")
        kind = typed.rstrip(")")
        key = f"{name}{kind[:1].upper()}{kind[1:]}"
        if not isinstance(value, dict):
            return None
        found = value.get(key)
        extra = value.get(f"_{key}")
        if rest:
            place = int(rest.rstrip("]"))
            found = found[place] if isinstance(found, list) and place < len(found) else None
            extra = extra[place] if isinstance(extra, list) and place < len(extra) else None
        value = found if isinstance(found, dict) else extra if extra is not None else found
    return value
