"""Cases as data: resources, and changes of them, with the rule that a validation should name or none.

A folder holds ``bases.yaml`` (name -> resource) and further files, each a list of cases::

    - name: no status
      of: encounter                     # a base
      profile: short name               # claimed in meta.profile (below the prefix of the folder)
      set: {/period/end: "2026"}        # JSON Pointer -> value; the last part may be new, - appends to a list
      remove: [/status]
      again: [/name/0]                  # a second one of the same
      rule: cardinality-min             # id of a rule,
          or several of which one must be named; without it: nothing wrong
      at: Encounter                     # FHIRPath of the finding
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from hm_fhir.fhir.json import from_json, to_json
from hm_fhir.mapping.files.yaml_file import read_yaml

Json = dict[str, Any]
_BASES: Final = "bases"
_GOOD: Final = "good"


@dataclass(frozen=True, slots=True)
class Case:
    """One case.

    Args:
        name: what it is about.
        kind: name of its file.
        text: the JSON of the resource.
        rules: the validation must name one of them; empty: it must find nothing.
        at: where; None: anywhere.
        severity: how bad it is.
        official: the worst that the official HL7 validation says: ``error``, ``warning``, ``information``, ``none``.
        why: reason of a difference between the two.
    """

    name: str
    kind: str
    text: bytes
    rules: tuple[str, ...] = ()
    at: str | None = None
    severity: str = "error"
    official: str = "error"
    why: str | None = None

    @property
    def good(self) -> bool:
        """Whether nothing is wrong."""
        return not self.rules


def read_cases(folder: Path, *, profiles: str) -> list[Case]:
    """Return all cases of a folder; each base is one as well, without anything wrong.

    Args:
        folder: where the files are.
        profiles: what the URLs of the profiles begin with.
    """
    bases: Mapping[str, Json] = read_yaml(folder / f"{_BASES}.yaml").value
    found = [Case(f"the base {name}", _GOOD, to_json(base), official="none") for name, base in bases.items()]
    for file in sorted(folder.glob("*.yaml")):
        if file.stem != _BASES:
            found += [_case(data, file.stem, bases, profiles) for data in read_yaml(file).value]
    return found


def _case(data: Mapping[str, Any], kind: str, bases: Mapping[str, Json], profiles: str) -> Case:
    rule = data.get("rule")
    return Case(
        name=data["name"],
        kind=kind,
        text=data["text"].encode() if "text" in data else to_json(changed(bases[data["of"]], data, profiles)),
        rules=() if rule is None else tuple([rule] if isinstance(rule, str) else rule),
        at=data.get("at"),
        severity=data.get("severity", "error"),
        official=data.get("official", "none" if rule is None else "error"),
        why=data.get("why"),
    )


def changed(base: Json, change: Mapping[str, Any], profiles: str = "") -> Json:
    """Return a resource with a change; the base stays as it is.

    Args:
        base: the resource.
        change: ``remove``, ``set``, ``again`` and ``profile``, in this order.
        profiles: what the URL of the profile begins with.
    """
    made: Json = deepcopy(from_json(to_json(base)))
    for pointer in change.get("remove", ()):
        parent, key = _parent(made, pointer)
        del parent[key]
        _drop_empty(made, pointer)
    for pointer, value in change.get("set", {}).items():
        parent, key = _parent(made, pointer)
        if isinstance(parent, list) and key == len(parent):
            parent.append(deepcopy(value))
        else:
            parent[key] = deepcopy(value)
    for pointer in change.get("again", ()):
        parent, key = _parent(made, pointer)
        parent.append(deepcopy(parent[key]))
    if "profile" in change:
        made.setdefault("meta", {})["profile"] = [profiles + change["profile"]]
    return made


def _parent(whole: Any, pointer: str) -> tuple[Any, Any]:
    *steps, last = pointer.strip("/").split("/")
    for step in steps:
        whole = whole[int(step)] if isinstance(whole, list) else whole[step]
    if isinstance(whole, list):
        return whole, len(whole) if last == "-" else int(last)
    return whole, last


def _drop_empty(whole: Json, pointer: str) -> None:
    """A list or an object that became empty goes as well: FHIR has none."""
    above = pointer.rpartition("/")[0]
    if above:
        parent, key = _parent(whole, above)
        if not parent[key]:
            del parent[key]
            _drop_empty(whole, above)
