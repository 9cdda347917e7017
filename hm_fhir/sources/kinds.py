"""The readers that this project brings, by the names that the settings call them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from hm_fhir.errors import SettingsError, did_you_mean

if TYPE_CHECKING:
    from hm_fhir.sources.base import ReaderKind

_MODULES = {
    "cht": "cht",
    "csv": "csv",
    "dhis2": "dhis2",
    "json": "ndjson",
    "kobo": "kobo",
    "ndjson": "ndjson",
    "odk": "odk",
    "questionnaire-response": "questionnaire",
    "rest": "rest",
    "sql": "sql",
    "xlsx": "xlsx",
}
READER_NAMES = tuple(_MODULES)


def reader_kind(name: str) -> ReaderKind:
    """Return a kind of reader.

    Raises:
        SettingsError: there is none with this name.
    """
    module = _MODULES.get(name)
    if module is None:
        raise SettingsError(f"there is no reader {name!r}", fix=did_you_mean(name, _MODULES))
    found = import_module(f"hm_fhir.sources.{module}")
    kinds: tuple[ReaderKind, ...] = getattr(found, "KINDS", None) or (found.KIND,)
    return next(kind for kind in kinds if kind.name == name)
