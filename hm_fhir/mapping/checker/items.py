"""Whether one item that a template makes fits its element: its type, its codes, what it points to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hm_fhir.mapping.checker.codes import Codes
from hm_fhir.mapping.checker.concepts import Concepts
from hm_fhir.mapping.checker.discriminators import Discriminators
from hm_fhir.mapping.checker.extensions import Extensions, Holder
from hm_fhir.mapping.checker.fixed import Fixed
from hm_fhir.mapping.checker.listed_codes import ListedCodes
from hm_fhir.mapping.checker.matching import Matching
from hm_fhir.mapping.checker.naming import base_element, base_name, named
from hm_fhir.mapping.checker.plain import as_expression
from hm_fhir.mapping.checker.primitives import misfit, out_of_limits
from hm_fhir.mapping.checker.slices import Slices
from hm_fhir.mapping.checker.targets import Targets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hm_fhir.fhir.definitions import Element, TypeDefinition
    from hm_fhir.mapping.checker.finding import Spot
    from hm_fhir.mapping.checker.objects import Leaf
    from hm_fhir.mapping.checker.scope import Made
    from hm_fhir.mapping.checker.templates import TemplateValues
    from hm_fhir.mapping.checker.values import Shape
    from hm_fhir.mapping.checker.world import World

    Fill = Callable[[Made, Holder, Leaf], None]

_RESOURCES: Final = frozenset({"Resource", "DomainResource"})


class Items:
    """Compares items with elements.

    Args:
        world: the mapping.
        templates: evaluates the templates.
        fill: checks an object against its type.

    Attributes:
        slices: compares lists with their slices.
        fixed: compares values with those that a profile demands.
    """

    def __init__(self, world: World, templates: TemplateValues, fill: Fill) -> None:
        self._world = world
        self._model = model = world.model
        self._findings = findings = world.findings
        self._objects = objects = templates.objects
        self._fill = fill
        shared = world.shared
        self._codes = codes = Codes(shared.terminology, shared.code_systems or (), findings)
        self._listed = ListedCodes(findings)
        self._concepts = Concepts(templates, codes, findings)
        self._targets = Targets(model, objects, findings)
        self._extensions = Extensions(model, objects, findings, is_complete=shared.profiles is not None)
        matching = Matching(objects)
        self.fixed = Fixed(objects, matching, findings)
        self.slices = Slices(Discriminators(model, objects, matching, codes), findings)

    def check(
        self, shape: Shape, element: Element, kind: str, name: str, leaf: Leaf, holder: Holder, *, is_extended: bool
    ) -> None:
        """Check an item against its element, the slices that it belongs to, and the profiles that they name.

        Args:
            shape: the item.
            element: what it is for.
            kind: type of the element that it is used as.
            name: of the element, for messages.
            leaf: the node that gives it.
            holder: the object around it.
            is_extended: whether it is for the extensions of a primitive.
        """
        base = base_name(self._model, kind)
        inner = Holder(holder.definition, element.name, holder, element.choice)
        self._check(shape, element, kind, name, leaf, inner, is_extended=is_extended)
        with self._findings.no_repeats():  # what an element asks of all, its slices ask as well
            for url in element.profiles_of(base) if base != "Extension" else ():
                self._followed(shape, element, url, base, name, leaf, inner)
            for one in self.slices.of(shape, base, element):
                own = one.json_keys.get(_key_of(element, kind), one.types[0] if one.types else kind)
                said = named(holder.definition, one)
                self._check(shape, one, own, said, leaf, inner, is_extended=is_extended)
                self.fixed.item(one, shape, leaf, said)
                for url in one.profiles_of(base) if base != "Extension" else ():
                    self._followed(shape, one, url, base, said, leaf, inner)

    def _followed(
        self, shape: Shape, element: Element, url: str, base: str, name: str, leaf: Leaf, holder: Holder
    ) -> None:
        """Check an item against the profile of its data type, where there is just one."""
        if len(element.profiles_of(base)) == 1 and self._model.is_subtype(url, base):
            self._check(shape, element, url, name, leaf, holder, is_extended=False)

    def _check(
        self, shape: Shape, element: Element, kind: str, name: str, leaf: Leaf, holder: Holder, *, is_extended: bool
    ) -> None:
        definition = self._model.type(kind)
        if definition is None:
            return
        spot = shape.spot or leaf.spot
        base = base_name(self._model, kind)
        if shape.made is not None:
            self._made(shape.made, element, definition, name, leaf, holder, is_extended=is_extended)
        elif shape.type is None:
            return
        elif (meant := as_expression(shape, leaf, self._world)) is not None:
            self._expression(shape, element, definition, name, spot, meant)
        elif definition.kind == "primitive":
            self._scalar(shape, element, definition, base, name, spot)
        elif not self._suits(shape.type, kind):
            fix = "write `coding: [...]` around it" if (shape.type, base) == ("Coding", "CodeableConcept") else None
            what = "an object" if definition.namespace == "hm" else base
            self._findings.error(spot, "wrong-type", f"{name} is {what}, this is {_what(shape)}", fix)
        elif shape.type == "Reference":
            self._targets.check(shape.referred, element.targets_of("Reference"), name, spot)
        elif shape.type == "Coding":
            is_own = self._is_own_binding(element, holder)
            self._codes.concept([shape.codings], element.binding, spot, via=shape.via, is_own=is_own)

    def _expression(
        self, shape: Shape, element: Element, definition: TypeDefinition, name: str, spot: Spot, fix: str
    ) -> None:
        base = base_name(self._model, definition.name)
        fits = definition.kind == "primitive" and misfit(shape, definition, base) is None
        is_bound = element.binding is not None and element.binding.strength == "required"
        say = self._findings.warning if fits and not is_bound else self._findings.error
        say(spot, "plain-expression", f"{name} is the text as it stands here, and not what it names", fix)

    def _scalar(
        self, shape: Shape, element: Element, definition: TypeDefinition, base: str, name: str, spot: Spot
    ) -> None:
        source = self._model.type(shape.type or "")
        if source is None or source.kind != "primitive":
            fix = "write .code at its end" if shape.type == "Coding" and base == "code" else None
            self._findings.error(spot, "wrong-type", f"{name} is {base}, this is {_what(shape)}", fix)
            return
        wrong = misfit(shape, definition, base) or out_of_limits(shape, element)
        if wrong is not None:
            self._findings.error(spot, wrong.code, f"{name}: {wrong.message}", wrong.fix)
        elif element.codes is not None:
            self._listed.check(shape, element.codes, name, spot)
        elif base == "code" or (element.binding and base in {"uri", "string"}):
            self._codes.code(shape.codes, element.binding, spot, via=shape.via)

    def _made(
        self,
        made: Made,
        element: Element,
        definition: TypeDefinition,
        name: str,
        leaf: Leaf,
        holder: Holder,
        *,
        is_extended: bool,
    ) -> None:
        base = base_name(self._model, definition.name)
        if definition.kind == "primitive" and not is_extended:
            fix = "name an element of it, or remove what is below it"
            self._findings.error(leaf.spot, "wrong-type", f"{name} is {base}, this is an object", fix)
            return
        if definition.name in _RESOURCES:
            for contained in self._contained(made):
                self._fill(made, Holder(contained), leaf)
            return
        if base == "Extension":
            assert holder.around is not None  # noqa: S101 - for the type checker; `check` has made it
            definition = self._extensions.definition(made, definition, holder.around, element.name, leaf)
        if base in {"Coding", "CodeableConcept"}:
            self._concepts.check(made, element, base, leaf, is_own=self._is_own_binding(element, holder))
        elif base == "Reference":
            self._targets.literal(made, element.targets_of(base), name)
        self._fill(made, Holder(definition, holder.key, holder.around, holder.is_choice), leaf)

    def _contained(self, made: Made) -> Iterator[TypeDefinition]:
        value = self._objects.member(made, "resourceType")
        codes = value.codes() if value else None
        definition = self._model.type(str(next(iter(codes)))) if codes and len(codes) == 1 else None
        if definition is not None:
            yield definition

    def _is_own_binding(self, element: Element, holder: Holder) -> bool:
        """Return whether it is a profile that binds an element, and not FHIR itself."""
        if holder.around is None or "/" not in holder.around.definition.name:
            return False
        base = base_element(self._model, holder.around.definition, element)
        return base is None or base.binding != element.binding

    def _suits(self, source: str, kind: str) -> bool:
        """Return whether a value of a type can be used where one of another type is wanted."""
        base = base_name(self._model, kind)
        return source == base or self._model.is_subtype(source, base) or self._model.is_subtype(base, source)


def _key_of(element: Element, kind: str) -> str:
    return next((key for key, one in element.json_keys.items() if one == kind), element.name)


def _what(shape: Shape) -> str:
    if shape.type in {"string", "code", "uri", "markdown"}:
        return "a text"
    return f"a value of type {shape.type}"
