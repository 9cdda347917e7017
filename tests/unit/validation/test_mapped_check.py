"""What an activity becomes is checked: findings have the line of the mapping that made the element."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from hm_fhir.activities.model import Activity
from hm_fhir.app import App
from hm_fhir.mapping.engine import Mapped
from hm_fhir.mapping.inspection.explain import Explainer
from hm_fhir.testing.deployment import Deployment
from hm_fhir.validation.deployment.check import ResourceCheck
from hm_fhir.validation.deployment.mapped_check import FINE, MappedCheck
from hm_fhir.validation.deployment.origins import SURE_AFTER
from hm_fhir.validation.issue import Issue

VISIT = {
    "system": "register",
    "local_id": "v1",
    "updated_at": "2026-03-05T10:00:00+02:00",
    "municipality": {"code": "SFO39", "name": "Самоков"},
    "mediator": {"local_id": "M1", "name": {"given": ["Мария"], "family": "Примерова"}},
    "type": "home-visit",
    "period": {"start": "2026-03-05"},
    "setting": "home",
    "persons": [{"local_id": "p", "name": {"given": ["Проба"]}}],
}


class Finds:
    """Stands for the validator: finds what it is told to find, by type of resource."""

    def __init__(self, **issues: Issue) -> None:
        self.issues = issues
        self.asked: list[str] = []

    def validate(self, resource: Mapping[str, Any], _profiles: tuple[str, ...]) -> tuple[Issue, ...]:
        self.asked.append(resource["resourceType"])
        found = self.issues.get(resource["resourceType"])
        return () if found is None else (found,)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with Deployment(tmp_path_factory.mktemp("deployment")).write().app() as opened:
        yield opened


@pytest.fixture
def explained(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which activities were explained."""
    ids: list[str] = []
    explain = Explainer.explain

    def noting(self: Explainer, activity: Mapping[str, Any], **more: Any) -> Any:
        ids.append(activity["local_id"])
        return explain(self, activity, **more)

    monkeypatch.setattr(Explainer, "explain", noting)
    return ids


def made(app: App, **more: Any) -> tuple[Mapped, Mapping[str, Any]]:
    activity = Activity.model_validate({**VISIT, **more}).for_mapping()
    mapped = app.mapper.map(activity)
    assert mapped is not None
    return mapped, activity


def check(app: App, finds: Finds) -> MappedCheck:
    return MappedCheck(ResourceCheck(finds), app.mapper, "fingerprint")  # type: ignore[arg-type]


def line_of(origin: str | None) -> str:
    """Return the line of a mapping that an origin names."""
    assert origin is not None
    file, _, line = origin.rpartition(":")
    return Path(file).read_text(encoding="utf-8").splitlines()[int(line) - 1]


def test_a_finding_names_the_resource_and_the_line_that_made_the_element(app: App) -> None:
    wrong = Issue("error", "value", "primitive-format", "Encounter.period.start", "text")
    mapped, activity = made(app)
    verdict = check(app, Finds(Encounter=wrong))(mapped, activity)
    (found,) = verdict.found
    assert found.resource == next(one.key for one in mapped.resources if one.type == "Encounter")
    assert line_of(found.issue.origin).strip() == 'start: "{{ period.start }}"'
    assert verdict.stops


def test_a_finding_about_what_is_missing_names_the_nearest_part_around(app: App) -> None:
    wrong = Issue("error", "required", "cardinality-min", "Encounter.hospitalization.origin", "text")
    verdict = check(app, Finds(Encounter=wrong))(*made(app))
    assert "encounter" in line_of(verdict.found[0].issue.origin)


def test_without_findings_nothing_is_mapped_again(app: App, explained: list[str]) -> None:
    assert check(app, Finds())(*made(app)) is FINE
    assert explained == []


def test_remarks_are_counted_by_rule_and_nothing_is_mapped_again(app: App, explained: list[str]) -> None:
    remark = Issue("information", "invariant", "dom-6", "x", "text")
    verdict = check(app, Finds(Encounter=remark, Patient=remark))(*made(app))
    assert verdict.remarks == {"dom-6": 2}
    assert (verdict.found, verdict.stops) == ((), False)
    assert explained == []


def test_a_warning_is_found_and_does_not_stop(app: App) -> None:
    warning = Issue("warning", "code-invalid", "binding-extensible", "Encounter.type[0]", "text")
    verdict = check(app, Finds(Encounter=warning))(*made(app))
    assert [one.issue.rule for one in verdict.found] == ["binding-extensible"]
    assert not verdict.stops


def test_a_mistake_in_every_activity_is_explained_a_few_times_only(app: App, explained: list[str]) -> None:
    wrong = Issue("error", "value", "primitive-format", "Encounter.period.start", "text")
    checks = check(app, Finds(Encounter=wrong))
    origins = {checks(*made(app, local_id=f"v{number}")).found[0].issue.origin for number in range(3 * SURE_AFTER)}
    assert len(origins) == 1
    assert explained == [f"v{number}" for number in range(SURE_AFTER)]


def test_what_many_activities_share_is_checked_once(app: App) -> None:
    finds = Finds(Practitioner=Issue("error", "value", "r", "Practitioner", "text"))
    checks = check(app, finds)
    verdicts = [checks(*made(app, local_id=f"v{number}")) for number in range(3)]
    assert finds.asked.count("Practitioner") == 1
    assert finds.asked.count("Encounter") == 3
    assert all(verdict.stops and verdict.found[0].resource.startswith("Practitioner/") for verdict in verdicts)


def test_the_validator_finds_no_error_in_a_home_visit(app: App) -> None:
    checks = app.mapped_check
    assert checks is not None
    mapped, activity = made(app)
    verdict = checks(mapped, activity)
    assert [one.issue for one in verdict.found if one.issue.stops] == []
