"""What a plugin does: its sample becomes what it says, end to end, and nothing is sent twice."""

from __future__ import annotations

from collections import Counter
from typing import ClassVar

from hm_fhir.activities.model import Activity
from hm_fhir.delivery.record_counts import RecordCounts
from hm_fhir.errors import RecordRejected
from hm_fhir.outbox.entry import State
from hm_fhir.sources.base import Item, Record, understand
from hm_fhir.testing.contract.failing import expect, expect_none, fail
from hm_fhir.testing.contract.laboratory import Laboratory
from hm_fhir.testing.contract.site import SOURCE, TARGET, Ran
from hm_fhir.testing.samples import ExpectedCounts

LEAST_ACTIVITIES = 300


class SampleIsDelivered:
    """Tests of the sample, from the local system to a FHIR server."""

    laboratory: ClassVar[Laboratory]

    def test_the_sample_runs_end_to_end_and_both_sums_add_up(self) -> None:
        """Every record is counted once, and every entry arrives."""
        ran = self.laboratory.first
        _nothing_failed(ran)
        _as_expected(self.laboratory.expected_first, ran.counts)
        expect(
            len(self.laboratory.first_activities) >= LEAST_ACTIVITIES,
            f"the sample tells of {len(self.laboratory.first_activities)} activities",
            f"let it tell of at least {LEAST_ACTIVITIES}: `activities:` in sample.yaml",
        )
        expect(ran.resources, "nothing arrived at the server", "look at the report of the run")

    def test_the_same_sample_twice_writes_nothing(self) -> None:
        """A second run over the same records changes nothing at the server."""
        first, again = self.laboratory.first, self.laboratory.again
        _nothing_failed(again)
        counts = again.counts
        expect(
            counts.new == counts.newer == counts.gone == 0,
            f"the same records again are {counts.new} new, {counts.newer} newer, {counts.gone} gone",
            "take local_id and updated_at from the record: never the present time, a row number, or a random id",
        )
        expect_none(
            (one for one in again.requests if not one.startswith("GET")),
            "the second run wrote",
            "make what a record becomes depend on nothing but the record, fields and directory",
        )
        expect(again.resources == first.resources, "the server has changed", "see above")

    def test_the_sample_is_read_as_it_was_told(self) -> None:
        """Activity -> record -> activity gives the same: nothing is lost or changed on the way."""
        _same_activities(self.laboratory.first_activities, _activities(self.laboratory, self.laboratory.first_items))

    def test_what_is_sent_is_valid(self) -> None:
        """No resource breaks a rule of FHIR R4 or of the profiles."""
        for ran in (self.laboratory.first, self.laboratory.changed):
            found = ran.counts.findings.as_json()
            expect(
                not ran.counts.not_valid and not ran.report.not_valid_entries,
                f"not valid, and withheld: {dict(ran.counts.not_valid)}; findings: {found}",
                "`hm-fhir sources preview` and `hm-fhir mappings explain` show what such a record becomes",
            )

    def test_corrections_deletions_and_late_records_arrive(self) -> None:
        """The second phase of the sample counts what it says, and the server shows it."""
        ran = self.laboratory.changed
        _nothing_failed(ran, rejected=True)
        _as_expected(self.laboratory.expected_changes, ran.counts)
        again = self.laboratory.changed_again
        _nothing_failed(again, rejected=True)
        counts = again.counts
        expect(
            counts.new == counts.newer == counts.gone == 0,
            f"the same changes again are {counts.new} new, {counts.newer} newer, {counts.gone} gone",
            "an edited record keeps its local_id and has a later updated_at; a deletion is told once",
        )
        expect(again.resources == ran.resources, "the server has changed by the same records", "see above")

    def test_what_was_deleted_is_withdrawn(self) -> None:
        """No resource of a deleted activity stands at the server as if it held."""
        first = self.laboratory.first_activities
        self.laboratory.changed  # noqa: B018  (comes before)
        sample = self.laboratory.sample
        current = {one.local_id: one for one in (*first, *sample.activities)}
        standing, gone = self.laboratory.standing(current.values()), set(sample.withdrawn)
        expect_none(
            sorted(current[local_id].type for local_id in gone & standing),
            "deletions of the sample after which the activity still stands (their types)",
            "map the status of deleted records to entered-in-error, or let the source say that documents are deleted",
        )
        expect_none(
            sorted(one.type for one in sample.activities if one.local_id not in standing | gone),
            "activities that do not stand at the server, though nobody deleted them (their types)",
            "look at `hm-fhir outbox list`",
        )


def _nothing_failed(ran: Ran, *, rejected: bool = False) -> None:
    report, counts = ran.report, ran.counts
    expect_none(
        report.failed_sources.values(),
        "the source could not be read",
        "correct the source; `hm-fhir sources preview` shows the same",
    )
    told = counts.as_json()
    if not rejected:
        expect(
            not counts.rejected,
            f"records of the sample are rejected: {told['rejected_by_code']}",
            "correct fields.yaml, or the sample; `hm-fhir sources preview` says why, record by record",
        )
    expect(not counts.unmapped, f"no mapping takes: {told['unmapped_by_type']}", "write mappings for these types")
    expect(counts.adds_up, f"the first sum does not add up: {told}", "report this to hm-fhir")
    target = report.targets[TARGET]
    expect(
        report.adds_up and not report.open_entries,
        f"of {target.routed} entries {target.states[State.WAITING]} wait ({dict(target.waiting)}) and "
        f"{target.states[State.PARKED]} are parked ({dict(target.parked)})",
        "`hm-fhir outbox list` and `hm-fhir outbox show` say why the server refused them",
    )


def _as_expected(expected: ExpectedCounts, counts: RecordCounts) -> None:
    expect_none(
        (f"{name}: expected {wanted}, counted {got}" for name, (wanted, got) in expected.differences(counts).items()),
        f"the run over {SOURCE!r} counted otherwise than the sample says",
        "a record is lost, read twice or refused: `hm-fhir sources preview` shows each",
    )


def _activities(laboratory: Laboratory, items: list[Item]) -> tuple[Activity, ...]:
    found = []
    with laboratory.site.app() as app:
        source = app.source(SOURCE)
        list(source.records())
        for item in items:
            if isinstance(item, Record):
                try:
                    found.append(understand(source, item).activity)
                except RecordRejected as error:
                    fail(f"a record of the sample is rejected: {error}", "correct fields.yaml or the sample")
    return tuple(found)


def _same_activities(told: tuple[Activity, ...], read: tuple[Activity, ...]) -> None:
    wanted, got = ({one.local_id: one.model_dump() for one in some} for some in (told, read))
    expect(
        set(wanted) == set(got),
        f"{len(set(wanted) - set(got))} activities are not read, {len(set(got) - set(wanted))} were never told",
        "compare `local_id` in fields.yaml with `native` and `ids` in sample.yaml",
    )
    different: Counter[str] = Counter()
    for local_id, one in wanted.items():
        different.update(set(_differences(one, got[local_id])))
    expect_none(
        (f"{path} ({number} times)" for path, number in different.most_common()),
        "fields of the activity that are read otherwise than they were told",
        "compare fields.yaml with `native` in sample.yaml; what the records cannot say stands not in `carries`",
    )


def _differences(one: object, other: object, path: str = "") -> list[str]:
    """Return the paths at which two activities differ, without list positions and without values."""
    if isinstance(one, dict) and isinstance(other, dict):
        names = [*one, *(name for name in other if name not in one)]
        found = (_differences(one.get(name), other.get(name), f"{path}.{name}".lstrip(".")) for name in names)
        return [where for some in found for where in some]
    if isinstance(one, list | tuple) and isinstance(other, list | tuple) and len(one) == len(other):
        return [where for pair in zip(one, other, strict=True) for where in _differences(*pair, path)]
    return [] if one == other else [path]
