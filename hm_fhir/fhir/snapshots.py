"""Makes the snapshot of a profile that has only a differential.

Rules: https://hl7.org/fhir/R4/profiling.html#snapshot, https://hl7.org/fhir/R4/profiling.html#slicing and
https://hl7.org/fhir/R4/elementdefinition.html.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hm_fhir.errors import SettingsError
from hm_fhir.fhir.element_definition import PROFILE_ELEMENT, extension_of
from hm_fhir.fhir.element_merge import merged
from hm_fhir.fhir.element_tree import Branch, Step, tree, with_steps
from hm_fhir.fhir.elements import FHIR_URL

Json = Mapping[str, Any]
Find = Callable[[str], Json | None]

_BY_URL = {"discriminator": [{"type": "value", "path": "url"}], "ordered": False, "rules": "open"}
"""Extensions are always sliced so, said or not: https://hl7.org/fhir/R4/profiling.html#extensions"""

_BY_TYPE = {"discriminator": [{"type": "type", "path": "$this"}], "ordered": False}


def snapshot(definition: Json, find: Find) -> Json:
    """Return a StructureDefinition with a snapshot: itself when it has one, else with one made from its differential.

    Where the specification is not clear, it is made as the official validation makes it: a slice of a choice without
    slicing (``value[x]:valueQuantity``, ``valueQuantity``) closes the choice unless the differential also speaks of
    ``value[x]``; a content reference leads to the base, not to what the profile says of the place.

    Args:
        definition: JSON of a StructureDefinition.
        find: returns the StructureDefinition with a URL (without version), with or without snapshot, or None.

    Raises:
        hm_fhir.errors.SettingsError: ``structure-definition``: the base is not at hand or stands on this profile, the
            differential names an element that does not exist, or it is no StructureDefinition.
    """
    return _Snapshots(find).of(definition, ())


class _Snapshots:
    """Makes snapshots; keeps the trees of the definitions that it needed."""

    def __init__(self, find: Find) -> None:
        self._find = find
        self._trees: dict[str, Branch | None] = {}

    def of(self, definition: Json, within: tuple[str, ...]) -> Json:
        made = definition.get("snapshot")
        if isinstance(made, Mapping) and made.get("element"):
            return definition
        url = str(definition.get("url"))
        if url in within:
            raise _wrong(definition, "it stands on itself", "correct baseDefinition and the profiles of its types")
        try:
            elements = _Differential(self, definition, (*within, url)).applied()
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            why = str(error) if type(error) is ValueError else type(error).__name__
            raise _wrong(definition, f"the differential cannot be read: {why}", "correct the profile") from error
        return {**definition, "snapshot": {"element": elements}}

    def tree(self, url: str, within: tuple[str, ...]) -> Branch | None:
        """Return the elements of a definition, or None when it is not at hand. It must not be changed."""
        plain = url.partition("|")[0]
        if plain not in self._trees:
            definition = self._find(plain)
            self._trees[plain] = None if definition is None else _tree(self.of(definition, within), plain)
        return self._trees[plain]


class _Differential:
    """Applies one differential to the snapshot of its base."""

    def __init__(self, snapshots: _Snapshots, definition: Json, within: tuple[str, ...]) -> None:
        self._snapshots = snapshots
        self._definition = definition
        self._within = within
        # A new type may have new elements, a profile may not.
        self._adds = definition.get("derivation") == "specialization"
        base = definition.get("baseDefinition")
        if not base:
            raise _wrong(definition, "it has no baseDefinition", "add the URL of what it constrains")
        found = snapshots.tree(str(base), within)
        if found is None:
            raise _wrong(definition, f"the base {base} is not known", "add the package that has it")
        self._root = found.copy()

    def applied(self) -> list[dict[str, Any]]:
        if self._adds:
            self._root.name = str(self._definition["type"]).rpartition("/")[2]
        for steps, json in with_steps(self._definition.get("differential", {}).get("element", ())):
            if steps[0][0] != self._root.name:
                raise _wrong(self._definition, f"{steps[0][0]} is not {self._root.name}", "correct the path")
            branch = self._root
            for index, step in enumerate(steps[1:], start=1):
                branch = self._below(branch, step, json if index == len(steps) - 1 else {}, str(json["path"]))
            branch.json = merged(branch.json, json)
            branch.stated = True
        return list(self._root.elements())

    def _below(self, above: Branch, step: Step, json: Json, place: str) -> Branch:
        """Return the element or slice that a step leads to; it is written out where it was not yet."""
        name, slice_name = step
        children = self._children(above, place)
        branch, short = children.get(name), False
        if branch is None:
            stem = _choice(children, name)
            if stem is not None:
                branch, slice_name, short = children[stem], slice_name or name, True
            elif self._adds:
                branch = children[name] = Branch(name, {"min": 0, "max": "*"})
            else:
                raise _wrong(self._definition, f"{place}: there is no such element", "correct the path")
        if slice_name is None:
            return branch
        found = self._slice(branch, slice_name, json, place)
        if short and branch.wider is not None:
            branch.json["type"] = [kind for one in branch.slices.values() for kind in one.json["type"]]
        return found

    def _slice(self, branch: Branch, name: str, json: Json, place: str) -> Branch:
        holder, found = branch.slice(name)
        if found is not None:
            return found
        if name == branch.alias:
            return branch
        kind = _type_of_slice(branch, name, json)
        if "slicing" not in holder.json and holder is branch:
            if branch.name in {"extension", "modifierExtension"}:
                branch.json["slicing"] = _BY_URL
            elif kind is not None:
                branch.json["slicing"] = {**_BY_TYPE, "rules": "open" if branch.stated else "closed"}
                branch.wider = None if branch.stated else [dict(one) for one in _types(branch)]
            elif branch.alias is None and not branch.slices:
                # Some profiles of the specification name an element so that they do not slice.
                branch.alias = name
                return branch
            else:
                raise _wrong(self._definition, f"{place}: slices without a slicing", "add the slicing")
        one = Branch(branch.name, {**holder.json, "min": 0, "max": json.get("max", holder.json["max"])})
        one.json.pop("slicing", None)
        if holder.children is not None:
            one.children = {key: child.copy() for key, child in holder.children.items()}
        if kind is not None:
            one.json["type"] = [kind]
        holder.slices[name] = one
        return one

    def _children(self, branch: Branch, place: str) -> dict[str, Branch]:
        if branch.children is None:
            source = self._source(branch, place)
            branch.children = {name: child.copy() for name, child in self._children(source, place).items()}
        return branch.children

    def _source(self, branch: Branch, place: str) -> Branch:
        """Return where the elements below an element are defined."""
        reference = branch.json.pop("contentReference", None)
        if reference is not None:
            source = self._referred(str(reference))
            if source is None:
                raise _wrong(self._definition, f"{place}: {reference} is not known", "correct the definition")
            branch.json["type"] = source.json["type"]
            branch.json = merged(branch.json, {"constraint": source.json.get("constraint", [])})
            return source
        kinds = branch.json.get("type", ())
        # Of several types only what all have in common can be constrained.
        kind = kinds[0] if len(kinds) == 1 else {"code": "Element"}
        url = str(kind["code"])
        source = self._profile(kind) or self._snapshots.tree(url if "://" in url else FHIR_URL + url, self._within)
        if source is None or source.children is None:
            raise _wrong(self._definition, f"{place}: nothing stands below a {url}", "correct the path")
        return source

    def _profile(self, kind: Json) -> Branch | None:
        """Return the elements of the one profile that a type asks for, when it is at hand."""
        urls = kind.get("profile", ())
        if len(urls) != 1 or urls[0].partition("|")[0] in self._within:
            return None
        found = self._snapshots.tree(urls[0], self._within)
        details = (kind.get("_profile") or [None])[0]
        part = extension_of(details, PROFILE_ELEMENT) if details else None
        return found if part is None or found is None else found.at(_steps(part)[1:])

    def _referred(self, reference: str) -> Branch | None:
        url, _, path = reference.partition("#")
        whole = self._root if not url or url == self._definition["url"] else self._snapshots.tree(url, self._within)
        return None if whole is None else whole.at(_steps(path)[1:])


def _tree(definition: Json, url: str) -> Branch:
    """Return the elements of a snapshot; their content references name the definition."""
    try:
        found = tree(definition["snapshot"]["element"])
        for branch in found.walk():
            reference = branch.json.get("contentReference", "")
            if reference.startswith("#"):
                branch.json["contentReference"] = url + reference
        return found
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        why = str(error) if type(error) is ValueError else type(error).__name__
        raise _wrong(definition, f"the snapshot cannot be read: {why}", "correct the definition") from error


def _steps(element_id: str) -> list[Step]:
    found: list[Step] = []
    for token in element_id.split("."):
        name, _, slice_name = token.partition(":")
        found.append((name, slice_name or None))
    return found


def _choice(children: Mapping[str, Branch], token: str) -> str | None:
    """Return the name of the choice that a token such as ``valueQuantity`` is a type of."""
    for name, branch in children.items():
        if name.endswith("[x]") and _named(branch, token) is not None:
            return name
    return None


def _named(branch: Branch, token: str) -> Json | None:
    """Return the type of a choice that a token such as ``valueQuantity`` names."""
    stem = branch.name.removesuffix("[x]")
    return next((kind for kind in _types(branch) if stem + _capital(str(kind["code"])) == token), None)


def _type_of_slice(branch: Branch, name: str, json: Json) -> Json | None:
    """Return the type that a slice of a choice is for; None when it is none for one type."""
    if not branch.name.endswith("[x]"):
        return None
    named = _named(branch, name)
    kinds = json.get("type", ())
    if named is None and len(kinds) == 1:
        return next((kind for kind in _types(branch) if kind["code"] == kinds[0]["code"]), None)
    return named


def _types(branch: Branch) -> Sequence[Json]:
    found: Sequence[Json] = branch.wider or branch.json.get("type", ())
    return found


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _wrong(definition: Json, message: str, fix: str) -> SettingsError:
    place = str(definition.get("url") or definition.get("id") or "StructureDefinition")
    return SettingsError(message, code="structure-definition", fix=fix, place=place)
