"""The export of the health mediators of Burgas: NDJSON, one document a person (or a group) with the visits in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from hm_fhir import Activity, SourceSpec, hookimpl
from hm_fhir.sources.base import Record, SourceContext
from hm_fhir.sources.directory import Directory
from hm_fhir.sources.ndjson import NdjsonReader, each
from hm_fhir.sources.row import Row
from hm_fhir_burgas import codes

DAY = "%Y-%m-%d"


class BurgasOptions(BaseModel):
    """Settings of the export."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: Path = Field(description="the export, an NDJSON file, relative to the settings file")
    directory: Path = Field(
        default=Path(__file__).with_name("directory.yaml"),
        description="mediators and facilities, relative to the settings file; an example comes with the plugin",
    )


class BurgasSource:
    """Reads the export; every visit of a document is one record.

    Args:
        options: settings.
        context: the deployment.
    """

    def __init__(self, options: BurgasOptions, context: SourceContext) -> None:
        self._reader = NdjsonReader(context.folder / options.path)
        self._directory = Directory(context.folder / options.directory)
        self._context = context

    def count(self) -> None:
        """Return None: only the whole file tells how many visits it holds."""

    def records(self) -> Iterator[Record]:
        """Yield each visit with the document around it."""
        for document in self._reader.records():
            yield from each(document, "poseshtenia", "visit")

    def activity(self, record: Record) -> Activity:
        """Return the activity of a visit."""
        document = Row(record, self._context.zone)
        person, group, visit = (document.part(name) for name in ("lice", "grupa", "poseshtenia"))
        visit.needs("id", "vid", "ot", "mediator", "miasto", "promiana")
        # A person is written once for all visits: a correction there makes each of them newer.
        changes = [part.moment("promiana") for part in (person, visit) if part]
        return Activity.model_validate(
            {
                "system": self._context.system,
                "local_id": visit.text("id"),
                "updated_at": max(change for change in changes if change),
                "municipality": self._directory.municipality,
                "mediator": visit.entry("mediator", self._directory.mediator),
                "type": visit.code("vid", codes.TYPES),
                "status": visit.code("status", codes.STATUSES, default="completed"),
                "period": {"start": visit.moment("ot"), "end": visit.moment("do")},
                "setting": visit.code("miasto", codes.SETTINGS),
                "facility": visit.entry("zavedenie", self._directory.facility),
                "persons": [_person(person)] if person else [],
                "group": _group(group) if group else None,
                "topics": visit.codes("temi", codes.TOPICS),
                "reasons": visit.codes("prichini", codes.REASONS),
                "barriers": visit.codes("prechki", codes.BARRIERS),
                "findings": {"pregnancy": _pregnancy(visit.part("bremennost")), "tests": self._tests(visit)},
                "outcome": visit.code("izhod", codes.OUTCOMES),
                "referral": self._referral(visit.part("nasochvane")),
                "case_plan": _plan(visit.part("plan")),
                "case_id": document.text("sluchai"),
                "follows": visit.words("sled"),
                "fulfils": visit.words("po"),
                "note": visit.text("belejka"),
            }
        )

    def _tests(self, visit: Row) -> list[dict[str, Any]]:
        return [
            {
                "kind": test.code("vid", codes.TESTS),
                "done_on": test.day("data", DAY),
                "result": test.code("rezultat", codes.RESULTS),
                "titre": test.text("titar"),
                "facility": test.entry("zavedenie", self._directory.facility),
            }
            for test in visit.parts("testove")
        ]

    def _referral(self, referral: Row) -> dict[str, Any] | None:
        appointment = referral.moment("chas")
        found = {
            "destination": referral.code("kam", codes.DESTINATIONS),
            "facility": referral.entry("zavedenie", self._directory.facility),
            "reasons": referral.codes("prichini", codes.REASONS),
            "priority": referral.code("prioritet", codes.PRIORITIES, default="routine"),
            "nrn": referral.text("nrn"),
            "appointment": {"start": appointment} if appointment else None,
        }
        return found if referral else None


def _person(person: Row) -> dict[str, Any]:
    names = [person.text(part) for part in ("ime", "prezime")]
    return {
        "local_id": person.text("id"),
        "identifiers": [{"kind": kind, "value": number} for kind in ("egn", "lnch") if (number := person.text(kind))],
        "name": {"given": [name for name in names if name], "family": person.text("familia")},
        "gender": person.code("pol", codes.GENDERS),
        "birth_date": person.day("rd", DAY),
        "phone": person.text("tel"),
        "address": {"ekatte": person.text("ekatte"), "settlement": person.text("nm")},
    }


def _group(group: Row) -> dict[str, Any]:
    return {"local_id": group.text("id"), "size": group.text("broi"), "women": group.text("jeni")}


def _pregnancy(pregnancy: Row) -> dict[str, Any] | None:
    found = {
        "status": pregnancy.code("status", codes.PREGNANCIES),
        "confirmed": pregnancy.flag("potvardena") or False,
        "last_menstrual_period": pregnancy.day("pm", DAY),
        "expected_delivery": pregnancy.day("termin", DAY),
        "gestational_age_weeks": pregnancy.text("sedmica"),
        "antenatal_care": pregnancy.flag("prosledena"),
    }
    return found if pregnancy else None


def _plan(plan: Row) -> dict[str, Any] | None:
    goals = [{"code": goal.code("cel", codes.GOALS), "due": goal.day("do", DAY)} for goal in plan.parts("celi")]
    steps = [{"type": step.code("vid", codes.TYPES), "due": step.day("do", DAY)} for step in plan.parts("stapki")]
    return {"goals": goals, "steps": steps} if plan else None


@hookimpl
def hm_fhir_sources() -> Iterator[SourceSpec]:
    """Yield the export."""
    yield SourceSpec("burgas", BurgasOptions, BurgasSource, "export of the mediators of Burgas (NDJSON)")
