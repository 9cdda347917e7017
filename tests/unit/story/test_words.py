"""The functions with which a sample writes: words, days, numbers."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from hm_fhir.errors import SettingsError
from hm_fhir.fhirpath import compile as compile_expression
from hm_fhir.testing.story.labels import LABEL, Labels, uid_of, uuid_of
from hm_fhir.testing.story.words import FUNCTIONS, NO_ENTRY, NO_WORD, UNKNOWN_WORD, Words, written

SOFIA = ZoneInfo("Europe/Sofia")
TABLES = {
    "types": {
        "домашно посещение": "home-visit",
        "у дома": "home-visit",
        "беседа": "group-health-talk",
        "друго": None,
    },
    "sure": {"да": True, "не": False},
    "numbers": {"едно": 1},
}
WORDS = Words(TABLES, SOFIA, activity="A-1")


def evaluate(text: str, words: Words = WORDS, **root: object) -> object:
    return compile_expression(text, FUNCTIONS).evaluate(root, environment=words)


@pytest.mark.parametrize(
    ("moment", "pattern", "text"),
    [
        ("2026-03-05", "%d.%m.%Y", "05.03.2026"),
        ("2026-03-05", "%-d.%-m.%y г.", "5.3.26 г."),
        ("2026-03-05", "%d %B %Y", "05 март 2026"),
        ("2026-03-05", "%d %R %Y", "05 III 2026"),
        ("2026-03-05", "%H:%M", None),
        ("2026-03-05", "%d.%m.%Y %H:%M", "05.03.2026"),
        ("2026-03-05", "%Y-%m-%dT%H:%M:%S%z", "2026-03-05"),
        ("2026-03-05T09:30:00+02:00", "%d.%m.%Y, %H:%M", "05.03.2026, 09:30"),
        ("2026-03-05T09:30:00+02:00", "%-H:%M:%S", "9:30:00"),
        ("2026-03-05T07:30:00Z", "%H:%M %z", "09:30 +02:00"),
        ("2026-06-05T22:30:00Z", "%Y-%m-%dT%H:%M:%S%z", "2026-06-06T01:30:00+03:00"),
        ("2026-02-31", "%d.%m.%Y", "31.02.2026"),
        ("2026-02-31T09:30:00+02:00", "%d.%m.%Y %H:%M", "31.02.2026 09:30"),
    ],
)
def test_days_and_moments_are_written_as_the_pattern_says(moment: str, pattern: str, text: str | None) -> None:
    assert written(moment, pattern, SOFIA) == text
    assert evaluate("d.local(p)", d=moment, p=pattern) == ([] if text is None else [text])


def test_another_zone_than_that_of_the_municipality() -> None:
    assert evaluate("d.utc('%Y-%m-%dT%H:%M:%S')", d="2026-03-05T09:30:00+02:00") == ["2026-03-05T07:30:00"]
    assert evaluate("d.epoch()", d="2026-03-05T09:30:00+02:00") == [1_772_695_800_000]
    assert evaluate("d.serial()", d="2026-03-05") == [46086]  # as Excel counts


@pytest.mark.parametrize("moment", ["today", "5.3.2026", ""])
def test_what_is_no_day_is_told(moment: str) -> None:
    with pytest.raises(SettingsError, match="of a day or a moment"):
        written(moment, "%d", SOFIA)


def test_a_pattern_that_nobody_knows_is_told() -> None:
    with pytest.raises(SettingsError, match="%j is not known"):
        written("2026-03-05", "%j", SOFIA)


def test_a_code_becomes_the_first_word_of_its_table() -> None:
    assert evaluate("c.word('types')", c=["home-visit", "group-health-talk"]) == ["домашно посещение", "беседа"]
    assert evaluate("c.word('sure')", c=True) == ["да"]
    assert evaluate("c.word('numbers')", c=1) == ["едно"]
    assert evaluate("c.word('types')") == []


def test_now_and_then_it_is_another_spelling_or_word() -> None:
    often = replace(WORDS, spellings=50)
    found = {replace(often, activity=str(number)).word("types", "home-visit") for number in range(200)}
    assert found == {"домашно посещение", "ДОМАШНО ПОСЕЩЕНИЕ", "Домашно посещение", " домашно посещение ", "у дома"}
    assert {often.word("types", "home-visit") for _ in range(5)} == {often.word("types", "home-visit")}
    exact = {replace(often, activity=str(number)).word("types", "home-visit", exact=True) for number in range(50)}
    assert exact == {"домашно посещение"}


def test_a_defect_has_a_word_that_is_in_no_table() -> None:
    assert evaluate("c.word('types')", c=NO_WORD) == [UNKNOWN_WORD]
    assert evaluate("c.word('types')", c=NO_ENTRY) == [UNKNOWN_WORD]
    assert evaluate("c.word('types')", c="") == [""]
    assert all(UNKNOWN_WORD not in table for table in TABLES.values())


def test_a_code_without_a_word_is_told_with_the_files_and_what_to_write() -> None:
    with pytest.raises(
        SettingsError, match=r"the code table 'types' of fields\.yaml has no word for 'referral'"
    ) as caught:
        evaluate("c.word('types')", c="referral")
    assert caught.value.fix == (
        "add the line `WORD: referral` to `codes.types` of fields.yaml, WORD as the form has it; or, where the form"
        " cannot say it, add the line `PATH: types` to `carries` of sample.yaml, PATH being the field of the activity"
    )


def test_an_entry_of_the_directory_without_a_word_is_told() -> None:
    """What the form carries has nothing to do with it: all mediators of the directory work."""
    words = Words({"mediators": {"мария": "M1"}}, SOFIA, entries=frozenset({"M1", "M2"}))
    assert evaluate("c.word('mediators')", words, c="M1") == ["мария"]
    with pytest.raises(SettingsError, match=r"has no word for 'M2', which is in directory\.yaml") as caught:
        evaluate("c.word('mediators')", words, c="M2")
    assert caught.value.fix == (
        "add the line `WORD: M2` to `codes.mediators` of fields.yaml, WORD as the form has it; or remove M2 from"
        " directory.yaml"
    )


def test_an_object_has_no_word() -> None:
    with pytest.raises(SettingsError, match=r"an object has no word in 'types'") as caught:
        evaluate("c.word('types')", c={"local_id": "M1"})
    assert "mediator.local_id.word('types')" in str(caught.value.fix)


def test_a_table_that_does_not_exist_is_told() -> None:
    with pytest.raises(SettingsError, match="no code table 'type'") as caught:
        evaluate("c.word('type')", c="referral")
    assert "types" in str(caught.value.fix)


def test_one_of_several_ways_is_chosen_by_the_activity() -> None:
    chosen = [evaluate("mess('a', 'b', 'c')", replace(WORDS, activity=str(number))) for number in range(60)]
    assert {tuple(one) for one in chosen if isinstance(one, list)} == {("a",), ("b",), ("c",)}
    assert evaluate("mess('a', 'b', 'c')") == evaluate("mess('a', 'b', 'c')")


def test_a_cell_that_is_a_number_has_lost_its_zeros() -> None:
    assert evaluate("n.number()", n="0531067890") == [531067890]
    assert evaluate("n.number()", n="X123") == ["X123"]


def test_ids_are_always_the_same() -> None:
    assert evaluate("t.uuid()", t="a") == evaluate("t.uuid()", t="a") != evaluate("t.uuid()", t="b")
    assert evaluate("t.uid()", t="a") == [uid_of("1/a")]
    assert len(uid_of("a")) == 11
    assert uid_of("a")[0].isalpha()
    assert uid_of("a").isalnum()
    assert uuid_of("a")[14] == "4"


def test_labels_become_numbers_in_the_order_in_which_they_are_met() -> None:
    labels = Labels({"activity": "{year}-{number:03}", "person": "{uid}", "case": "{uuid}"}, seed="1", year=2026)
    data = {
        "local_id": "A:17",
        "follows": ["A:3"],
        "persons": [{"local_id": "P:2", "formerly": ["P:1"], "name": {"family": "A:9"}}],
        "case_id": "C:1",
        "note": "A:17",
        "hospital_stay": "S:1",
        "group": {"local_id": "G:1"},
    }
    found = labels.replaced(data)
    assert (found["local_id"], found["follows"]) == ("2026-001", ["2026-002"])
    assert found["persons"][0]["name"] == {"family": "A:9"}
    assert found["note"] == "A:17"
    assert (found["hospital_stay"], found["group"]["local_id"]) == ("S-00001", "G-0001")
    assert not any(LABEL.fullmatch(one) for one in (found["case_id"], *found["persons"][0]["formerly"]))
    assert labels.replaced(data) == found
