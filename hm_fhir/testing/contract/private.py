"""What a plugin never says: names, numbers and texts of people have no place in ids, URLs, logs, errors, reports."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import ClassVar

from hm_fhir.sources.base import Record
from hm_fhir.testing.contract.failing import expect, expect_none
from hm_fhir.testing.contract.laboratory import Laboratory
from hm_fhir.testing.contract.site import SOURCE
from hm_fhir.testing.contract.spoiling import path_of, places, refusal, spoiled

_PLANTED = "\u041f\u041b\u0410\u041d\u0422-9131039267"
_SHORTEST = 4
_CRASHED = 2
"""Exit code of a command that could not run, or has a defect."""
_RECORDS_TO_SPOIL = 12
_COMMANDS = (
    ("run", "--patience", "0"),
    ("run", "--patience", "0", "--json"),
    ("sources", "preview", SOURCE),
    ("sources", "preview", SOURCE, "--json"),
    ("sources", "profile", SOURCE),
    ("sources", "list"),
    ("outbox", "list"),
    ("outbox", "stats"),
    ("outbox", "rejected"),
    ("outbox", "rejected", "--json"),
)


class NothingPersonalGetsOut:
    """Tests of what can be read by anybody who looks at the system."""

    laboratory: ClassVar[Laboratory]

    def test_no_personal_data_in_ids_addresses_logs_and_reports(self) -> None:
        """Nobody of the sample stands in what a run leaves, but in the resources and in the outbox."""
        laboratory = self.laboratory
        first, changed = laboratory.first, laboratory.changed
        again = laboratory.again
        said = {
            "ids of resources": [*first.resources, *changed.resources],
            "addresses of requests": [*first.requests, *again.requests, *changed.requests],
            "log lines": laboratory.logs,
            "reports": [json.dumps(ran.report.as_json(), ensure_ascii=False) for ran in (first, again, changed)],
            "names of files": [path.name for path in laboratory.site.deployment.folder.rglob("*")],
        }
        expect_none(_where_found(self._personal(), said), "personal data of the sample", _DO)

    def test_no_personal_data_in_what_commands_print(self) -> None:
        """Nor does any command print it without being told to."""
        self.laboratory.changed  # noqa: B018  (defects are there to be printed)
        said = self.laboratory.site.commands(_COMMANDS)
        for command, (code, output) in said.items():
            expect(code != _CRASHED, f"`hm-fhir {command}` fails:\n{output}", "correct what is named")
        texts = {f"hm-fhir {command}": [output] for command, (_, output) in said.items()}
        expect_none(_where_found(self._personal(), texts), "personal data of the sample", _DO)

    def test_no_error_shows_a_value(self) -> None:
        """Whatever stands in a record, and wherever: the reason of a rejection does not repeat it."""
        with self.laboratory.site.app() as app:
            source = app.source(SOURCE)
            list(source.records())
            shown: set[str] = set()
            defects: set[str] = set()
            for record in self._different_records():
                for steps in places(record.values):
                    path, error = path_of(steps), refusal(source, spoiled(record, steps, _PLANTED))
                    if error is None:
                        continue
                    if error.code == "plugin-defect":
                        defects.add(f"{path}: {error.message}")
                    if _PLANTED in f"{error} {error!r} {error.message} {error.fix} {error.place}":
                        shown.add(path)
        expect_none(sorted(shown), "values of these columns are repeated in the reason of a rejection", _DO)
        expect_none(
            sorted(defects),
            "values that nobody expects make the plugin fail",
            "refuse the record with RecordRejected, which names the column and what to do",
        )

    def _personal(self) -> list[str]:
        """Return names, numbers, telephones, streets and notes of the sample."""
        sample = self.laboratory.sample
        activities = (*self.laboratory.first_activities, *sample.activities)
        streets = {one.address.line for activity in activities for one in activity.persons if one.address}
        texts = {*sample.personal, *streets, *(one.note for one in activities)}
        words = sorted(word for word in texts if word is not None and len(word) >= _SHORTEST)
        expect(words, "the sample has no people", "let it have some: `carries: {persons: …}` in sample.yaml")
        return words

    def _different_records(self) -> list[Record]:
        """Return records of which each has a value where the ones before have none."""
        known: set[str] = set()
        found: list[Record] = []
        for item in self.laboratory.first_items:
            if isinstance(item, Record) and len(found) < _RECORDS_TO_SPOIL:
                paths = set(map(path_of, places(item.values)))
                if paths - known:
                    known |= paths
                    found.append(item)
        return found


_DO = "name the column or the place instead of the value; local ids that hold such data belong into no message either"


def _where_found(words: list[str], said: Mapping[str, list[str]]) -> Iterator[str]:
    """Yield where words were found; the words themselves are synthetic, but whoever looks for one finds it there."""
    for where, texts in said.items():
        found = {word for word in words for text in texts if word in text}
        if found:
            yield f"{len(found)} names or numbers in {where}, such as {sorted(found)[0]!r}"
