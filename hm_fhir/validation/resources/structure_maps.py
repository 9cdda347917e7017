"""Rules of StructureMap that no invariant of R4 states: names are known where they are used, elements exist.

Source: https://hl7.org/fhir/R4/structuremap.html.
"""

from __future__ import annotations

from typing import Any

from hm_fhir.validation.json_parts import listed, text_of
from hm_fhir.validation.run import Path, Run

Variables = dict[str | None, tuple[str, ...] | None]
"""Name of a variable -> names of the types that it may have; None: not known."""


def check_structure_map(value: Any, path: Path, run: Run) -> None:
    """Report names of groups, variables and elements in a StructureMap that do not exist.

    Args:
        value: the StructureMap.
        path: where it is.
        run: the validation.
    """
    groups = [(place, one) for place, one in enumerate(listed(value, "group")) if isinstance(one, dict)]
    names = None if value.get("import") else frozenset(str(one.get("name")) for _, one in groups)
    _Map(value, names, run).groups(groups, path)


class _Map:
    """Goes through the groups and rules with the variables that are known.

    Args:
        value: the StructureMap.
        names: names of its groups; None: there may be others.
        run: the validation.
    """

    def __init__(self, value: Any, names: frozenset[str] | None, run: Run) -> None:
        self.names = names
        self.run = run
        self.types = run.services.types
        self.urls = {text_of(one, "alias"): text_of(one, "url") for one in listed(value, "structure")}

    def error(self, path: Path, text: str) -> None:
        self.run.report("error", "invalid", "structure-map", path, text)

    def groups(self, groups: list[tuple[int, Any]], path: Path) -> None:
        for place, group in groups:
            here = (path, f"group[{place}]")
            extended = group.get("extends")
            if isinstance(extended, str) and self.names is not None and extended not in self.names:
                self.error((here, "extends"), "there is no such group")
            sources: Variables = {}
            targets: Variables = {}
            for number, one in enumerate(listed(group, "input")):
                if not isinstance(one, dict):
                    continue
                there, name = (here, f"input[{number}]"), text_of(one, "name")
                if name in sources or name in targets:
                    self.error(there, "another input has the name")
                (targets if text_of(one, "mode") == "target" else sources)[name] = self.input_types(one, there)
            self.rules(group, sources, targets, here)

    def input_types(self, one: Any, path: Path) -> tuple[str, ...] | None:
        kind = one.get("type")
        if not isinstance(kind, str):
            return None
        url = self.urls.get(kind)
        found = self.types.type(url if isinstance(url, str) else kind)
        if found is None and url is None:
            self.error(path, "the type is not known, and no structure has the alias")
        return None if found is None else (found.name,)

    def rules(self, holder: Any, sources: Variables, targets: Variables, path: Path) -> None:
        """Check the rules of a group or a rule, with the variables that can be read and written there."""
        for place, rule in enumerate(listed(holder, "rule")):
            here = (path, f"rule[{place}]")
            read, written = dict(sources), dict(targets)
            for key, known in (("source", read), ("target", written)):
                for number, one in enumerate(listed(rule, key)):
                    if isinstance(one, dict):
                        self.part(one, known, (here, f"{key}[{number}]"))
            for number, one in enumerate(listed(rule, "dependent")):
                if isinstance(one, dict) and self.names is not None and text_of(one, "name") not in self.names:
                    self.error((here, f"dependent[{number}]"), "there is no such group")
            self.rules(rule, read, written, here)

    def part(self, one: Any, known: Variables, path: Path) -> None:
        """Check a source or a target of a rule, and note its variable."""
        types: tuple[str, ...] | None = None
        context = text_of(one, "context")
        if context is not None or path[1].startswith("source"):
            if context not in known:
                self.error(path, "the context is not known here")
            else:
                types = known[context]
        element = one.get("element")
        if isinstance(element, str) and types is not None:
            types = self.element_types(element, types, path)
        if "variable" in one:
            # What a transformation makes has a type of its own.
            known[text_of(one, "variable")] = None if "transform" in one else types

    def element_types(self, name: str, types: tuple[str, ...], path: Path) -> tuple[str, ...] | None:
        found = [kind.elements[name] for one in types if (kind := self.types.type(one)) and name in kind.elements]
        if not found:
            self.error(path, "the type has no such element")
            return None
        return found[0].types if len(found) == 1 and len(found[0].types) == 1 else None
