"""Six municipalities, each with another kind of local system, to a strict HAPI FHIR and to another server at once.

Both end up with the same, which is what the ledger says; a server that enforces the profiles takes all of it; the
official HL7 validation finds no error in any of it, as it was first told and after all corrections and deletions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from hm_fhir.activities.catalogue import ACTIVITY_TYPES
from hm_fhir.activities.vocabulary import BARRIERS
from hm_fhir.app import App
from hm_fhir.delivery.readback import Compared, ReadBack, compare_with_ledger
from hm_fhir.delivery.reconcile import RunReport
from hm_fhir.fhir.json import to_json
from hm_fhir.testing.deployment import Deployment
from hm_fhir.testing.samples import Sample, open_sample

MUNICIPALITIES = ("burgas", "dimitrovgrad", "dupnitsa", "kazanlak", "novi-pazar", "samokov")
PACKAGE = Path(__file__).parents[2] / "profiles" / "package"
SYSTEM = "urn:hm-fhir:six"


@dataclass(slots=True)
class Six:
    """Six local systems and what became of them.

    Attributes:
        samples: by municipality.
        app: of the deployment that reads them.
        expected: figures of each run, by municipality.
        reports: of each run.
    """

    samples: dict[str, Sample]
    app: App
    expected: list[dict[str, Any]] = field(default_factory=list)
    reports: list[RunReport] = field(default_factory=list)


@pytest.fixture(scope="module")
def six(strict_hapi: str, sekmet: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Six]:
    """All six, read and delivered to both servers; then changed, read and delivered once more."""
    folder = tmp_path_factory.mktemp("six")
    with ExitStack() as stack:
        samples = {name: stack.enter_context(open_sample(name, folder / name)) for name in MUNICIPALITIES}
        deployment = Deployment(folder / "deployment", identifier_system=SYSTEM).enable(*samples)
        for name, sample in samples.items():
            deployment.source(name, sample.kind, **sample.options)
        deployment.target("hapi", strict_hapi).target("sekmet", sekmet)
        found = Six(samples, stack.enter_context(deployment.app()))
        found.expected.append({name: sample.figures for name, sample in samples.items()})
        found.reports.append(found.app.run(patience_seconds=120))
        found.expected.append({name: sample.change() for name, sample in samples.items()})
        found.reports.append(found.app.run(patience_seconds=120))
        yield found


@pytest.mark.server
def test_every_record_became_what_its_sample_tells(six: Six) -> None:
    for report, expected in zip(six.reports, six.expected, strict=True):
        assert report.failed_sources == {}
        assert report.adds_up
        wrong = {name: figures.differences(report.records[name]) for name, figures in expected.items()}
        assert {name: found for name, found in wrong.items() if found} == {}
        assert all(counts.new >= 300 for counts in six.reports[0].records.values())


@pytest.mark.server
def test_everything_was_taken_by_both_servers_and_both_have_the_same(six: Six, strict_hapi: str, sekmet: str) -> None:
    last = six.reports[-1]
    assert (last.open_entries, last.not_valid_entries) == (0, 0)
    on_server: dict[str, list[Compared]] = {}
    for name, url in (("hapi", strict_hapi), ("sekmet", sekmet)):
        with closing(ReadBack(url)) as reader:
            on_server[name] = compare_with_ledger(reader, six.app.store.ledger_keys(name), SYSTEM)
        assert [one for one in on_server[name] if not one.agrees] == []
    assert on_server["hapi"] == on_server["sekmet"]
    assert sum(one.sent for one in on_server["hapi"]) > 10_000


@pytest.mark.server
def test_reading_all_of_it_once_more_writes_nothing(six: Six) -> None:
    for name in six.samples:
        six.app.read_again(name)
    report = six.app.run()
    assert report.adds_up
    assert report.written == 0


@pytest.mark.server
def test_the_official_validation_finds_no_error(
    six: Six, tmp_path: Path, official_validation: Callable[..., Any]
) -> None:
    texts: set[bytes] = set()
    after = 0
    while rows := six.app.store.list(target="hapi", after=after, limit=1000):
        after = rows[-1].entry_id
        for row in rows:
            entry = six.app.store.show(row.entry_id).entry
            texts.update(to_json(one["content"]) for one in entry.payload["resources"])
    resources = tmp_path / "resources.ndjson"
    resources.write_bytes(b"\n".join(sorted(texts)) + b"\n")

    validation = official_validation([resources], packages=[PACKAGE], level="error")

    assert validation.errors() == []
    assert validation.summary["resources"] == len(texts) > 10_000


def test_together_they_exercise_everything(tmp_path: Path) -> None:
    types: set[str] = set()
    barriers: set[str] = set()
    for name in MUNICIPALITIES:
        with open_sample(name, tmp_path / name) as sample:
            types.update(activity.type for activity in sample.activities)
            barriers.update(barrier for activity in sample.activities for barrier in activity.barriers)
    assert types == set(ACTIVITY_TYPES)
    assert barriers == set(BARRIERS.terms)


def test_somebody_who_moved_is_one_person(tmp_path: Path) -> None:
    people: dict[str, set[str]] = {}
    for name in MUNICIPALITIES:
        with open_sample(name, tmp_path / name) as sample:
            for activity in sample.activities:
                if activity.person_key is not None:
                    people.setdefault(activity.person_key, set()).add(name)
    moved = [where for where in people.values() if len(where) > 1]
    assert len(moved) >= len(MUNICIPALITIES)
