"""What a plugin does when things go otherwise: another order, a killed process, a system that is down."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from hm_fhir.delivery.record_counts import RecordCounts
from hm_fhir.errors import MappingErrors
from hm_fhir.mapping.files.yaml_text import to_yaml
from hm_fhir.sources.base import Item, Record, Source
from hm_fhir.sources.fields.loading import Fields, load_fields
from hm_fhir.sources.fields.source import FIELDS_FILE
from hm_fhir.testing.contract.failing import expect, fail
from hm_fhir.testing.contract.given import Given
from hm_fhir.testing.contract.laboratory import Laboratory
from hm_fhir.testing.contract.site import SOURCE, Resources
from hm_fhir.testing.contract.spoiling import places, refusal, spoiled, text_at

_FEW, _SOME = 8, 30
_NOT_A_VALUE = "\u2042 \u043d\u0435 \u0435 \u0434\u0443\u043c\u0430 \u2042"


class NothingIsLostOrDoubled:
    """Tests of what must give the same, whatever happens on the way."""

    laboratory: ClassVar[Laboratory]

    def test_another_order_gives_the_same_state(self) -> None:
        """The records of both phases, shuffled, leave the same at the server."""
        first, changed = self.laboratory.first, self.laboratory.changed
        after_first, after_changed = self.laboratory.shuffled
        do = (
            "let updated_at (and version) of the record decide what is newer, and nothing depend on the record before"
        )
        _same(first.resources, after_first, "the records of the first phase in another order", do)
        _same(changed.resources, after_changed, "the records of both phases in another order", do)

    def test_an_interrupted_source_goes_on_and_gives_the_same_state(self) -> None:
        """Killed at several points, down at another, and started again, reading gives what one reading gives."""
        interrupted = self.laboratory.interrupted
        do = "yield a Checkpoint only where all records before it are complete, and go on from it"
        expect(interrupted.before_failure.adds_up, f"what came before is lost: {interrupted.before_failure}", do)
        after = "a reading that was killed at several points, was down at another, and went on"
        _same(self.laboratory.first.resources, interrupted.resources, after, do)
        expect(
            interrupted.failed_when_down,
            "a local system that is down is taken for one that has no more records",
            "let errors of the reader pass: RetryLater, or SettingsError for what somebody has to put right",
        )

    def test_a_bad_record_is_rejected_with_its_place_and_taken_when_it_is_mended(self) -> None:
        """The others go on; the reason names a place and no value; mended, it is an activity as ever."""
        bad, few = self._bad_record()
        site = self.laboratory.new_site("bad")
        counts = site.take(lambda source: Given(source, [bad, *few]))
        _one_rejected(counts, len(few))
        with site.app() as app:
            [kept] = app.store.rejected(SOURCE)
        expect(kept.place, "the rejection has no place", "give each Record its place: file and line, sheet and row")
        expect(
            bad.place in (kept.place or ""),
            f"the rejection says {kept.place!r}, the record stands at {bad.place!r}",
            "let RecordRejected without a place, or with that of the record, pass",
        )
        expect(
            kept.code != "plugin-defect",
            f"a record that makes no sense makes the plugin fail: {kept.message}",
            "refuse it with RecordRejected; see the place that is named",
        )
        good = next(
            item for item in self.laboratory.first_items if isinstance(item, Record) and item.place == bad.place
        )
        mended = site.take(lambda source: Given(source, [good, *few]))
        expect(
            (mended.new, mended.repeated, mended.rejected.total()) == (1, len(few), 0),
            f"the mended record is not one new activity: {mended.as_json()}",
            "let a record give the same local_id whether it is good or bad",
        )
        with site.app() as app:
            expect(not app.store.rejected(SOURCE), "the mended record is still kept as rejected", _IDENTITY)

    def test_rejected_records_are_replayed_after_a_word_is_added(self) -> None:
        """Records with a word that no table has wait; once it has, `hm-fhir sources replay` takes them."""
        items = self.laboratory.first_items
        site = self.laboratory.new_site("replay")
        poorer = site.deployment.folder / FIELDS_FILE
        table, items, number = _forget_a_word(load_fields(self.laboratory.files / FIELDS_FILE), items, poorer)
        chosen = site.deployment.settings["sources"][SOURCE].get("fields")
        site.set_option("fields", str(poorer))
        counts = site.take(lambda source: Given(source, items))
        kept = counts.rejected.total()
        expect(
            kept >= number,
            f"without one word of the table {table!r} {kept} of {number} records with it are rejected",
            "do not guess what an unknown word means",
        )
        site.set_option("fields", chosen)
        with site.app() as app:
            replayed = app.prepare().replay(SOURCE)
            left = app.store.rejected(SOURCE)
        expect(
            (replayed.read, replayed.new, len(left)) == (kept, kept, 0),
            f"of {kept} rejected records {replayed.new} are taken after the word is there: {replayed.as_json()}",
            "let activity() depend on the values of the record alone",
        )

    def _bad_record(self) -> tuple[Record, list[Item]]:
        """Return a record that makes no sense, and good ones."""
        records = [item for item in self.laboratory.first_items if isinstance(item, Record)]
        with self.laboratory.site.app() as app:
            source = app.source(SOURCE)
            list(source.records())
            for number, record in enumerate(records):
                bad = _bad(source, record)
                if bad is not None:
                    others = [one for one in records if one.document is None or one.document != record.document]
                    few = [one for one in others[number + 1 : number + 1 + _FEW] if one is not record]
                    return bad, list(few)
        return fail("no value of a record is ever refused", "refuse words and dates that nobody knows")


_IDENTITY = "let local_id() of the source give the local id of a record that is rejected"


def _bad(source: Source, record: Record) -> Record | None:
    """Return the record with one value that means nothing and that is refused; None when all are accepted."""
    for steps in places(record.values):
        candidate = spoiled(record, steps, _NOT_A_VALUE)
        error = refusal(source, candidate)
        if error is not None and source.local_id(candidate) == source.local_id(record):
            return candidate
    return None


def _one_rejected(counts: RecordCounts, others: int) -> None:
    expect(
        counts.rejected.total() == 1 and counts.new == others,
        f"one bad record among {others} good ones: {counts.as_json()}",
        "raise RecordRejected for the one record; the others go on",
    )


def _forget_a_word(fields: Fields, items: list[Item], into: Path) -> tuple[str, list[Item], int]:
    """Write the fields without one word that the sample uses.

    Returns:
        Its table, some records with the word and some without it, and how many there are with it.
    """
    records = [item for item in items if isinstance(item, Record)]
    content: dict[str, Any] = dict(fields.document.value)
    for column in fields.columns:
        if column.table is None or column.within is not None or column.personal:
            continue
        name = column.table.name
        table = dict(content["codes"][name])
        texts = [next(filter(None, (text_at(one.values, path) for path in column.names)), "") for one in records]
        for text, number in Counter(texts).most_common():
            word = next((word for word in table if _alike(str(word), text)), None)
            if word is None or number == len(records) or list(table.values()).count(table[word]) > 1:
                continue
            poorer = {other: code for other, code in table.items() if other != word}
            into.write_text(to_yaml({**content, "codes": {**content["codes"], name: poorer}}), encoding="utf-8")
            try:
                load_fields(into)
            except MappingErrors:
                continue  # the rest of the file needs this code
            pairs = list(zip(records, texts, strict=True))
            having = [record for record, found in pairs if found == text][:_SOME]
            others = [record for record, found in pairs if found != text][:_SOME]
            some = {id(record) for record in (*having, *others)}
            # In their order: records of one document follow each other.
            return name, [record for record in records if id(record) in some], len(having)
    return fail("no code table has a word that the sample uses", "let the sample use the words of fields.yaml")


def _alike(one: str, other: str) -> bool:
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()


def _same(wanted: Resources, got: Resources, after: str, do: str) -> None:
    different = sorted(key.partition("/")[0] for key in wanted.keys() & got.keys() if wanted[key] != got[key])
    missing = sorted(key.partition("/")[0] for key in wanted.keys() - got.keys())
    more = sorted(key.partition("/")[0] for key in got.keys() - wanted.keys())
    found = {"different": Counter(different), "missing": Counter(missing), "more": Counter(more)}
    where = Counter(path for key in wanted.keys() & got.keys() for path in _differing(wanted[key], got[key]))
    expect(
        wanted == got,
        f"{after}: the server holds something else\n  "
        + "\n  ".join(f"{name}: {dict(types)}" for name, types in found.items() if types)
        + "".join(f"\n  {path} ({number} times)" for path, number in where.most_common(10)),
        do,
    )


def _differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    names = {*one, *other}
    return [f"{one.get('resourceType')}.{name}" for name in names if one.get(name) != other.get(name)]
