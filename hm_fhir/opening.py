"""Opens what the settings name: sources and targets, by the kinds that plugins bring."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ValidationError

from hm_fhir.config import Kinded, Settings, settings_error
from hm_fhir.delivery.reading import Reading
from hm_fhir.delivery.target import Target, TargetContext
from hm_fhir.errors import HmFhirError, PluginError, RecordRejected, SettingsError, did_you_mean, place_of
from hm_fhir.fhir.json import to_json
from hm_fhir.outbox.entry import RejectedRecord
from hm_fhir.records import SourceSpec, TargetSpec
from hm_fhir.sources.base import Record, Source, SourceContext

Spec = TypeVar("Spec")
_PARTS = ("incremental", "count", "records", "activity", "local_id")


def open_source(settings: Settings, specs: Mapping[str, SourceSpec], name: str) -> Source:
    """Return a source by its name in the settings.

    Args:
        settings: of the deployment.
        specs: kinds of sources, by name.
        name: of the source.

    Raises:
        SettingsError: there is none, or its settings are wrong or contradict each other.
    """
    chosen, place = settings.sources.get(name), f"sources.{name}"
    if chosen is None:
        raise SettingsError(f"there is no source {name!r}", fix=did_you_mean(name, settings.sources))
    spec = _of_kind(specs, chosen, place)
    context = SourceContext(chosen.system or name, settings.folder, ZoneInfo(settings.deployment.time_zone))
    try:
        given = chosen.options if spec.defaults is None else spec.defaults(chosen.options, settings.folder)
        source = spec.open(_options(spec.options, given, place), context)
        if missing := [part for part in _PARTS if not hasattr(source, part)]:
            raise PluginError(
                f"its source has no {', no '.join(missing)}",
                place=place,
                fix="report this to the author of the plugin",
            )
        if chosen.missing == "deleted" and source.incremental:
            raise SettingsError(
                "nobody can notice what is missing from a source of which only changes are read",
                place=f"{place}.missing",
                fix="leave `missing` out; or let each run read everything: `incremental = false` (kobo, "
                "questionnaire-response), no `updated` (rest), no `updated_at` (sql)",
            )
        return source
    except HmFhirError:
        raise
    except Exception as defect:  # noqa: BLE001  (named, so that somebody can mend it)
        raise PluginError(
            f"the plugin failed: {type(defect).__name__} at {place_of(defect)}",
            place=place,
            fix="report this to the author of the plugin",
        ) from None


def reading_of(
    settings: Settings, name: str, source: Source, made_with: Mapping[str, Any], digest: Callable[[bytes], str]
) -> Reading:
    """Return how a source is read.

    Args:
        settings: of the deployment.
        name: of the source.
        source: the source.
        made_with: what else decides what reading gives.
        digest: keyed digest of a content.
    """
    chosen = settings.sources[name]
    own = {"source": chosen.model_dump(mode="json"), "fields": getattr(source, "fingerprint", "")}
    return Reading(
        name=name,
        source=source,
        system=chosen.system or name,
        made_with=digest(to_json({**own, **made_with})),
        withdraw_missing=chosen.missing == "deleted",
        missing_at_most=chosen.missing_at_most,
        sources=frozenset(settings.sources),
    )


def record_again(kept: RejectedRecord) -> Record:
    """Return a rejected record as it was read; what could not be read then cannot be read now."""
    error = None if kept.replayable else RecordRejected(kept.message, code=kept.code, place=kept.place)
    values = kept.payload if isinstance(kept.payload, dict) else {}
    return Record(kept.place or "", values, error, document=kept.document)


def open_targets(settings: Settings, specs: Mapping[str, TargetSpec]) -> dict[str, Target]:
    """Return all targets, by name; none is connected yet.

    Raises:
        SettingsError: the settings of one are wrong.
    """
    made: dict[str, Target] = {}
    for name, chosen in settings.targets.items():
        spec = _of_kind(specs, chosen, f"targets.{name}")
        options = _options(spec.options, chosen.options, f"targets.{name}")
        made[name] = spec.open(options, TargetContext(name, settings.folder))
    return made


def _of_kind(specs: Mapping[str, Spec], chosen: Kinded, place: str) -> Spec:
    spec = specs.get(chosen.kind)
    if spec is None:
        raise SettingsError(
            f"nothing brings the kind {chosen.kind!r}",
            place=f"{place}.kind",
            fix=did_you_mean(chosen.kind, specs) or "enable the plugin that brings it",
        )
    return spec


def _options(model: type[BaseModel], given: Mapping[str, Any], place: str) -> BaseModel:
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise settings_error(error, model, place=place) from None
