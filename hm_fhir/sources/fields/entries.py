"""Entries of the directory, named in a column by their local codes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hm_fhir.errors import RecordRejected
from hm_fhir.sources.fields import scalars
from hm_fhir.sources.fields.unreadable import Convert, Unreadable

if TYPE_CHECKING:
    from pydantic import BaseModel

    from hm_fhir.sources.directory import Directory
    from hm_fhir.sources.fields.declared import Value


class Entry(dict[str, Any]):
    """An entry of the directory as expressions see it; it remembers what it was, which needs no check again.

    Args:
        model: the entry.
    """

    __slots__ = ("model",)

    def __init__(self, model: BaseModel) -> None:
        super().__init__(model.model_dump(mode="json", exclude_none=True, round_trip=True))
        self.model = model


def entry_converter(value: Value, directory: Directory) -> Convert:
    """Return what finds an entry; a code table may say which code a word stands for.

    Args:
        value: the declaration.
        directory: has the entries.
    """
    table = value.table
    find = directory.mediator if value.type == "mediator" else directory.facility
    known: dict[Any, Entry] = {}

    def convert(raw: Any) -> Any:
        found = known.get(raw) if raw.__class__ is str else None
        if found is not None:
            return found
        code = raw if table is None else table.convert(raw)
        if code is None:
            return None
        try:
            entry = find(scalars.text(code))
        except RecordRejected as error:
            failure = Unreadable(f"- {error.message}", error.code, error.fix)
        else:
            made = Entry(entry)
            if raw.__class__ is str:
                known[raw] = made
            return made
        raise failure

    return convert
