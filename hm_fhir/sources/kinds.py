"""The readers that this project brings, by the names that the settings call them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from hm_fhir.errors import SettingsError, did_you_mean

if TYPE_CHECKING:
    from hm_fhir.sources.base import ReaderKind

_PLACES = {
    "cht": "cht.KIND",
    "csv": "csv.KIND",
    "dhis2": "dhis2.KIND",
    "json": "ndjson.JSON",
    "kobo": "kobo.KIND",
    "ndjson": "ndjson.NDJSON",
    "odk": "odk.KIND",
    "questionnaire-response": "questionnaire.KIND",
    "rest": "rest.KIND",
    "sql": "sql.KIND",
    "xlsx": "xlsx.KIND",
}
READER_NAMES = tuple(_PLACES)


def reader_kind(name: str) -> ReaderKind:
    """Return a kind of reader.

    Raises:
        SettingsError: there is none with this name.
    """
    place = _PLACES.get(name)
    if place is None:
        raise SettingsError(f"there is no reader {name!r}", fix=did_you_mean(name, _PLACES))
    module, _, attribute = place.partition(".")
    kind: ReaderKind = getattr(import_module(f"hm_fhir.sources.{module}"), attribute)
    return kind
