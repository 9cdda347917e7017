"""The register of the health mediators of Samokov: a CSV file with one row a visit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from hm_fhir import Activity, SourceSpec, hookimpl
from hm_fhir.sources.base import Record, SourceContext
from hm_fhir.sources.csv import CsvReader
from hm_fhir.sources.directory import Directory
from hm_fhir.sources.row import Row
from hm_fhir_samokov import codes

DAY = "%d.%m.%Y"
MOMENT = "%d.%m.%Y %H:%M"


class SamokovOptions(BaseModel):
    """Settings of the register."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: Path = Field(description="the register, a CSV file, relative to the settings file")
    directory: Path = Field(
        default=Path(__file__).with_name("directory.yaml"),
        description="mediators and facilities, relative to the settings file; an example comes with the plugin",
    )


class SamokovSource:
    """Reads the register.

    Args:
        options: settings.
        context: the deployment.
    """

    def __init__(self, options: SamokovOptions, context: SourceContext) -> None:
        self._reader = CsvReader(context.folder / options.path, required=codes.COLUMNS)
        self._directory = Directory(context.folder / options.directory)
        self._context = context

    def count(self) -> int | None:
        """Return the number of lines below the headings."""
        return self._reader.count()

    def records(self) -> Iterator[Record]:
        """Yield each row."""
        return self._reader.records()

    def activity(self, record: Record) -> Activity:
        """Return the activity of a row."""
        row = Row(record, self._context.zone)
        row.needs(*codes.OBLIGATORY)
        for column, other in codes.MEANINGLESS_WITHOUT.items():
            if row.text(column):
                row.needs(other)
        facility = row.entry("Лечебно заведение", self._directory.facility)
        reasons = row.codes("Причина", codes.REASONS)
        destination = row.code("Насочен към", codes.DESTINATIONS)
        appointment = row.moment("Час за преглед", MOMENT)
        referral = {
            "destination": destination,
            "facility": facility,
            "reasons": reasons,
            "priority": row.code("Приоритет", codes.PRIORITIES, default="routine"),
            "nrn": row.text("НРН"),
            "appointment": {"start": appointment} if appointment else None,
        }
        participants = row.text("Брой участници")
        kind, earlier = row.code("Вид дейност", codes.TYPES), row.words("По дейност №")
        return Activity.model_validate(
            {
                "system": self._context.system,
                "local_id": row.text("№ по ред"),
                "updated_at": row.moment("Последна промяна", MOMENT),
                "municipality": self._directory.municipality,
                "mediator": row.entry("Медиатор", self._directory.mediator),
                "type": kind,
                "status": row.code("Статус", codes.STATUSES, default="completed"),
                "period": {"start": row.start("Дата", "Час", form=DAY)},
                "setting": row.code("Място", codes.SETTINGS),
                "facility": None if destination else facility,
                "persons": [_person(row)] if row.text("ЕГН/ЛНЧ") or not participants else [],
                "group": {"size": participants} if participants else None,
                "topics": row.codes("Теми", codes.TOPICS),
                "reasons": reasons,
                "barriers": row.codes("Бариери", codes.BARRIERS),
                "findings": {"pregnancy": _pregnancy(row), "tests": _tests(row)},
                "outcome": row.code("Резултат от посещението", codes.OUTCOMES),
                "referral": referral if destination else None,
                "case_plan": _plan(row),
                "case_id": row.text("Случай №"),
                "follows": earlier,
                "fulfils": earlier if kind in codes.CARRY_OUT_REFERRALS else (),
                "note": row.text("Бележка"),
            }
        )


def _person(row: Row) -> dict[str, Any]:
    row.needs("Вид номер", "ЕГН/ЛНЧ", "Имена")
    *given, family = row.words("Имена", separator=" ")
    return {
        "identifiers": [{"kind": row.code("Вид номер", codes.NUMBERS), "value": row.text("ЕГН/ЛНЧ")}],
        "name": {"given": given, "family": family},
        "gender": row.code("Пол", codes.GENDERS),
        "birth_date": row.day("Дата на раждане", DAY),
        "phone": row.text("Телефон"),
        "address": {"ekatte": row.text("Населено място (ЕКАТТЕ)")},
    }


def _pregnancy(row: Row) -> dict[str, Any] | None:
    found = row.code("Бременност", codes.PREGNANCIES)
    if found is None:
        return None
    status, confirmed = found
    return {"status": status, "confirmed": confirmed, "last_menstrual_period": row.day("ПМ", DAY)}


def _tests(row: Row) -> list[dict[str, Any]]:
    kind = row.code("Тест", codes.TESTS)
    if kind is None:
        return []
    return [{"kind": kind, "done_on": row.day("Дата на тест", DAY), "result": row.code("Резултат", codes.RESULTS)}]


def _plan(row: Row) -> dict[str, Any] | None:
    due = row.day("Срок", DAY)
    goals = [{"code": goal, "due": due} for goal in row.codes("План/цели", codes.GOALS)]
    steps = [{"type": step, "due": due} for step in row.codes("Следващи стъпки", codes.TYPES)]
    return {"goals": goals, "steps": steps} if goals or steps else None


@hookimpl
def hm_fhir_sources() -> Iterator[SourceSpec]:
    """Yield the register."""
    yield SourceSpec("samokov", SamokovOptions, SamokovSource, "register of the mediators of Samokov (CSV)")
