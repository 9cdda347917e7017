"""What of an activity a native form can say.

A path of the activity model leads to ``true`` (all of it), to a number (at most so many of a list), or to the name of
a code table (codes that the table has a word for). Of an object that is ``true`` the parts that are named, too, are
limited as they say. Of an object without such a line only the parts that are named are carried, and what the model
requires. Without a status only what was completed can be told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, get_args

from pydantic import BaseModel

from hm_fhir.activities.model import Activity
from hm_fhir.activities.people import Facility, Mediator, Municipality
from hm_fhir.errors import SettingsError, did_you_mean

Limit = bool | int | str
"""``True``: all of it; a number: at most so many; a text: the name of a code table."""

_WHOLE = (Facility, Mediator, Municipality)
_HOLDS_ALWAYS = frozenset(
    {"system", "local_id", "updated_at", "municipality", "mediator", "type", "period", "setting"}
)


@dataclass(slots=True)
class _Node:
    limit: Limit | None = None
    parts: dict[str, _Node] = field(default_factory=dict)

    @property
    def is_whole(self) -> bool:
        """Whether also what is not named below it is carried."""
        return self.limit is True or (self.limit is not None and not self.parts)


class Carried:
    """What a form carries.

    Args:
        paths: by path of the activity model; None: everything.
        tables: codes of each code table that have a word.

    Raises:
        SettingsError: a path or table does not exist.
    """

    def __init__(
        self, paths: Mapping[str, Limit] | None = None, tables: Mapping[str, Iterable[str]] | None = None
    ) -> None:
        self._tables = {name: frozenset(codes) for name, codes in (tables or {}).items()}
        self._root = _Node()
        self._everything = paths is None
        for path, limit in (paths or {}).items():
            _check(path)
            if isinstance(limit, str) and limit not in self._tables:
                hint = did_you_mean(limit, self._tables)
                raise SettingsError(f"carries: {path}: there is no code table of this name", fix=hint)
            if limit is False:
                raise SettingsError(f"carries: {path}: what is not carried is left out", fix="remove the line")
            node = self._root
            for step in path.split("."):
                node = node.parts.setdefault(step, _Node())
            node.limit = limit

    def says(self, path: str) -> bool:
        """Return whether a field can be told."""
        node = self._root
        model: type[BaseModel] = Activity
        if self._everything:
            return True
        for step in path.split("."):
            inner = node.parts.get(step)
            if inner is None:
                return node.is_whole or _is_required(model, step)
            node, model = inner, _inner(model, step) or Activity
        return True

    def most(self, path: str) -> int | None:
        """Return how many of a list can be told; 0 for none, None for any number."""
        if not self.says(path):
            return 0
        node: _Node | None = self._root
        for step in path.split("."):
            node = node.parts.get(step) if node else None
        return node.limit if node and isinstance(node.limit, int) and node.limit is not True else None

    def codes(self, path: str) -> frozenset[str] | None:
        """Return the codes that a field can have, None for any."""
        node: _Node | None = self._root
        for step in path.split("."):
            node = node.parts.get(step) if node else None
        return self._tables[node.limit] if node and isinstance(node.limit, str) else None

    def left(self, data: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return what the form says of an activity, or None when it cannot tell of it at all."""
        if self._everything:
            return dict(data)
        if data.get("status", "completed") != "completed" and not self.says("status"):
            return None
        found = self._object(data, Activity, self._root)
        if found is None:
            return None
        consent, roles = found.get("consent"), [person.get("role", "subject") for person in found.get("persons", ())]
        if consent and consent.get("by", "subject") not in roles:
            del found["consent"]
        return found

    def _object(self, data: Mapping[str, Any], model: type[BaseModel], node: _Node) -> dict[str, Any] | None:
        if model in _WHOLE:
            return dict(data)
        found = {}
        for name, value in data.items():
            inner, required = node.parts.get(name), _is_required(model, name)
            if inner is None and node.is_whole:
                found[name] = value
                continue
            if inner is None and not required:
                continue
            kept = self._value(value, _inner(model, name), inner or _Node())
            if kept is not None:
                found[name] = kept
            elif required:
                return None
        return found or None

    def _value(self, value: Any, model: type[BaseModel] | None, node: _Node) -> Any:
        if not isinstance(value, list):
            return self._one(value, model, node)
        kept = [one for item in value if (one := self._one(item, model, node)) is not None]
        return (kept[: node.limit] if isinstance(node.limit, int) and node.limit is not True else kept) or None

    def _one(self, value: Any, model: type[BaseModel] | None, node: _Node) -> Any:
        if isinstance(value, Mapping) and model is not None:
            return self._object(value, model, node)
        return None if isinstance(node.limit, str) and value not in self._tables[node.limit] else value


def _check(path: str) -> None:
    model: type[BaseModel] | None = Activity
    for step in path.split("."):
        if model is None or step not in model.model_fields:
            known = sorted(model.model_fields) if model else []
            raise SettingsError(f"carries: the activity has no field {path!r}", fix=did_you_mean(step, known))
        model = _inner(model, step)


@cache
def _is_required(model: type[BaseModel], name: str) -> bool:
    return (model is Activity and name in _HOLDS_ALWAYS) or (
        name in model.model_fields and model.model_fields[name].is_required()
    )


@cache
def _inner(model: type[BaseModel], name: str) -> type[BaseModel] | None:
    """Return the model of the object (or of the objects) in a field, None where there is none."""
    kinds = [model.model_fields[name].annotation] if name in model.model_fields else []
    while kinds:
        kind = kinds.pop()
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return kind
        kinds += get_args(kind)
    return None
