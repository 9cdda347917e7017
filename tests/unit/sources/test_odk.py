"""The reader of ODK Central: what a submission becomes, what changed, what is withdrawn.

Shapes: getodk/central-backend test/integration/api/odata.js, lib/data/odata.js (Apache-2.0).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from hm_fhir.errors import OperatorNeeded, SettingsError
from hm_fhir.sources.base import Checkpoint, Record, Remark, SourceContext, records_of
from hm_fhir.sources.odk import KIND, OdkOptions, OdkReader
from hm_fhir.testing.exchange import Request
from hm_fhir.testing.local_systems.odk import PASSWORD, OdkSystem
from hm_fhir.testing.local_systems.served import Said

NAME = "Маркер Примеров"
DAY = "2026-03-{:02}T10:00:00+02:00"
CHILDREN: dict[str, Any] = {
    "children": {"child": [{"name": "A", "toys": {"toy": [{"kind": "ball"}]}}, {"name": "B", "toys": {}}]}
}


@pytest.fixture
def odk(tmp_path: Path) -> Iterator[OdkSystem]:
    with OdkSystem(tmp_path, project=3, form="visits") as system:
        yield system


def submit(odk: OdkSystem, key: str, day: int = 1, **answers: Any) -> None:
    system = answers.pop("system", {})
    odk.save({"key": key, "changed": DAY.format(day), "native": {"submission": answers, "system": system}})


def reader(odk: OdkSystem, **options: Any) -> OdkReader:
    chosen = OdkOptions.model_validate({**odk.options, "quick_attempts": 1, "overlap_seconds": 0, **options})
    made = KIND.open(chosen, SourceContext("novi-pazar", odk.folder, ZoneInfo("Europe/Sofia")))
    assert isinstance(made, OdkReader)
    return made


def documents(odk: OdkSystem, since: str | None = None, **options: Any) -> list[str | None]:
    return [record.document for record in records_of(reader(odk, **options), since)]


def end(odk: OdkSystem, since: str | None = None, **options: Any) -> str:
    """The cursor at the end of a complete reading."""
    last = list(reader(odk, **options).records(since))[-1]
    assert isinstance(last, Checkpoint)
    return last.cursor


def values(odk: OdkSystem, *wanted: str, **options: Any) -> dict[str, Any]:
    made = reader(odk, **options)
    if wanted:
        made.want(wanted)
    (record,) = records_of(made)
    return dict(record.values)


def remarks(odk: OdkSystem, **options: Any) -> dict[str, str]:
    return {one.code: one.message for one in reader(odk, **options).records() if isinstance(one, Remark)}


# What a submission becomes


def test_groups_are_objects_choices_words_and_an_empty_answer_is_none(odk: OdkSystem) -> None:
    submit(odk, "uuid:1", topics="vaccination hygiene", visit={"women": 3, "note": None})
    assert values(odk) == {
        "__id": "uuid:1",
        "topics": "vaccination hygiene",
        "visit": {"women": 3, "note": None},
        "meta": {"instanceID": "uuid:1"},
        "__system": {
            "submissionDate": "2026-03-01T08:00:00.000Z",
            "updatedAt": None,
            "attachmentsPresent": 0,
            "attachmentsExpected": 0,
            "status": None,
            "reviewState": None,
            "edits": 0,
            "formVersion": "1.0",
            "deletedAt": None,
        },
    }


@pytest.mark.parametrize("repeats", ["expand", "tables"])
def test_repeats_and_repeats_inside_them_are_lists(odk: OdkSystem, repeats: str) -> None:
    submit(odk, "uuid:1", **CHILDREN)
    assert values(odk, repeats=repeats)["children"] == CHILDREN["children"]


def test_repeats_of_either_way_are_the_same_record(odk: OdkSystem) -> None:
    submit(odk, "uuid:1", 1, **CHILDREN)
    submit(odk, "uuid:2", 2, kind="home", children={})
    submit(odk, "uuid:3", 2, **CHILDREN)  # submitted in the same moment
    submit(odk, "uuid:4", 4, children={"child": [{"name": "C"}]})
    inside = [(one.document, one.values) for one in records_of(reader(odk))]
    joined = [(one.document, one.values) for one in records_of(reader(odk, repeats="tables", page_size=2))]
    assert inside == joined
    assert joined[2][1]["children"] == {}


def test_a_repeat_that_the_server_leaves_out_is_not_lost_silently(tmp_path: Path) -> None:
    with OdkSystem(tmp_path, knows_expand=False) as odk:
        submit(odk, "uuid:1", **CHILDREN)
        with pytest.raises(SettingsError) as refused:
            documents(odk)
        assert (refused.value.code, "tables" in str(refused.value)) == ("not-expanded", True)
        assert values(odk, repeats="tables")["children"]["child"][0]["toys"]["toy"][0]["kind"] == "ball"


def test_repeats_of_an_edited_submission_are_those_after_the_edit(odk: OdkSystem) -> None:
    submit(odk, "uuid:1", 1, **CHILDREN)
    cursor = end(odk, repeats="tables")
    submit(odk, "uuid:1", 2, children={"child": [{"name": "D"}]})
    (record,) = records_of(reader(odk, repeats="tables"), cursor)
    assert [child["name"] for child in record.values["children"]["child"]] == ["D"]


def test_what_central_adds_is_told_only_where_the_fields_ask_for_it(odk: OdkSystem) -> None:
    submit(odk, "uuid:1", kind="home", system={"submitterName": NAME, "deviceId": "collect:1"})
    assert not values(odk)["__system"].keys() & {"submitterName", "submitterId", "deviceId"}
    assert values(odk, "kind") == {"kind": "home"}
    assert values(odk, "__id", "__system.submitterName", "meta.instanceID") == {
        "__id": "uuid:1",
        "__system": {"submitterName": NAME},
        "meta": {"instanceID": "uuid:1"},
        "kind": "home",
    }
    assert values(odk, "__system")["__system"]["deviceId"] == "collect:1"


def test_neither_places_nor_cursors_hold_an_answer(odk: OdkSystem) -> None:
    for number in range(3):
        submit(odk, f"uuid:{number}", number + 1, name=NAME)
    items = list(reader(odk, page_size=1).records())
    assert NAME not in repr(items)
    assert {one.place for one in items if isinstance(one, Record)} == {
        f"form visits, submission {number} of this reading" for number in (1, 2, 3)
    }
    assert not [one for one in items if isinstance(one, Checkpoint) and "uuid" in one.cursor]


def test_encrypted_submissions_are_counted_and_not_read(odk: OdkSystem) -> None:
    submit(odk, "uuid:1", 1, kind="home")
    submit(odk, "uuid:2", 2, system={"status": "notDecrypted"})
    submit(odk, "uuid:3", 3, system={"status": "missingEncryptedFormData"})
    assert documents(odk) == ["uuid:1"]
    assert remarks(odk)["encrypted"].startswith("2 submissions are encrypted")


# What changed since


def test_the_next_reading_gives_what_is_new_edited_or_reviewed(odk: OdkSystem) -> None:
    for number in range(4):
        submit(odk, f"uuid:{number}", number + 1)
    cursor = end(odk)
    assert documents(odk, cursor) == ["uuid:3"]  # the last moment is read again
    submit(odk, "uuid:4", 10)
    submit(odk, "uuid:0", 11, kind="corrected")
    odk.review("uuid:2", "approved", DAY.format(12))
    assert documents(odk, cursor) == ["uuid:4", "uuid:3", "uuid:2", "uuid:0"]
    assert documents(odk, end(odk, cursor)) == ["uuid:2"]


def test_an_edit_keeps_the_document_and_is_newer(odk: OdkSystem) -> None:
    submit(odk, "uuid:1", 1, kind="home")
    submit(odk, "uuid:1", 2, kind="office")
    (record,) = records_of(reader(odk))
    system = record.values["__system"]
    assert (record.document, record.values["kind"]) == ("uuid:1", "office")
    assert (system["updatedAt"], system["edits"]) == ("2026-03-02T08:00:00.000Z", 1)
    assert record.values["meta"]["instanceID"] != "uuid:1"


def test_the_next_reading_begins_some_time_before_the_end_of_the_last(odk: OdkSystem) -> None:
    submit(odk, "uuid:1", 1)
    submit(odk, "uuid:2", 2)
    submit(odk, "uuid:3", 3)
    assert documents(odk, end(odk), overlap_seconds=86_400) == ["uuid:3", "uuid:2"]


def test_rows_of_a_repeat_that_belong_to_nothing_are_not_dropped(
    odk: OdkSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit(odk, "uuid:1", child=[{"name": "a"}])

    def answer(request: Request) -> Said:
        said = OdkSystem.answer(odk, request)
        if request.path.endswith("Submissions.child"):
            for row in said.body["value"]:
                row["__Other-id"] = row.pop("__Submissions-id")
        return said

    monkeypatch.setattr(odk, "answer", answer)
    with pytest.raises(SettingsError, match="do not say to which row"):
        documents(odk, repeats="tables")


@pytest.mark.parametrize("repeats", ["expand", "tables"])
def test_a_deletion_that_was_taken_back_gives_the_submission_again(odk: OdkSystem, repeats: str) -> None:
    for number in range(1, 6):
        submit(odk, f"uuid:{number}", number, text=f"{number}", child=[{"name": "a"}])
    cursor = end(odk, repeats=repeats)
    odk.delete("uuid:1", DAY.format(6))
    odk.delete("uuid:2", DAY.format(6))
    odk.delete("uuid:3", DAY.format(7))
    cursor = end(odk, cursor, repeats=repeats)
    odk.restore("uuid:2")
    odk.purge("uuid:1")
    items = list(reader(odk, repeats=repeats).records(cursor))
    (found,) = [one for one in items if isinstance(one, Record) and not one.deleted]
    assert (found.document, found.values["text"], found.values["child"]) == ("uuid:2", "2", [{"name": "a"}])
    cursors = [one.cursor for one in items if isinstance(one, Checkpoint)]
    assert "uuid:2" not in documents(odk, cursors[-1], repeats=repeats)
    odk.restore("uuid:3")
    assert documents(odk, cursors[-1], repeats=repeats) == ["uuid:3"]


def test_an_empty_form_is_read_again_from_the_beginning(odk: OdkSystem) -> None:
    submit(odk, "uuid:1", system={"status": "notDecrypted"})  # the form exists
    odk.delete("uuid:1", DAY.format(2))
    odk.purge("uuid:1")
    cursor = end(odk)
    submit(odk, "uuid:2", 3)
    assert documents(odk, cursor) == ["uuid:2"]


# What is withdrawn


def deleted(odk: OdkSystem, since: str | None = None, **options: Any) -> list[str | None]:
    return [record.document for record in records_of(reader(odk, **options), since) if record.deleted]


def test_a_deleted_submission_is_told_once_the_next_time(odk: OdkSystem) -> None:
    for number in range(3):
        submit(odk, f"uuid:{number}", number + 1)
    cursor = end(odk)
    odk.delete("uuid:0", DAY.format(9))  # its updatedAt stays null
    assert deleted(odk, cursor) == ["uuid:0"]
    assert documents(odk, cursor) == ["uuid:2", "uuid:0"]


def test_reading_from_the_beginning_tells_deletions_too(odk: OdkSystem) -> None:
    submit(odk, "uuid:1", 1)
    submit(odk, "uuid:2", 2)
    odk.delete("uuid:1", DAY.format(3))
    assert deleted(odk) == ["uuid:1"]


def test_a_deletion_holds_nothing_of_the_submission(odk: OdkSystem) -> None:
    submit(odk, "uuid:1", 1, name=NAME)
    odk.delete("uuid:1", DAY.format(2))
    (record,) = records_of(reader(odk))
    assert (record.deleted, dict(record.values)) == (True, {})


def test_a_server_that_knows_no_deletions_says_what_to_do(tmp_path: Path) -> None:
    with OdkSystem(tmp_path, knows_deletions=False) as odk:
        submit(odk, "uuid:1")
        with pytest.raises(SettingsError, match="deletions = false"):
            documents(odk)
        assert documents(odk, deletions=False) == ["uuid:1"]
        assert documents(odk, end(odk, deletions=False), deletions=False) == ["uuid:1"]
        assert "no-deletions" in remarks(odk, deletions=False)


def test_who_rejects_what_should_not_be_deletes_nothing_in_central(tmp_path: Path) -> None:
    with OdkSystem(tmp_path, deletes="reject") as odk:
        odk.save({"key": "uuid:1", "changed": DAY.format(1), "native": {"submission": {"a": "1"}}})
        odk.delete("uuid:1", DAY.format(2))
        assert deleted(odk) == ["uuid:1"]
        assert deleted(odk, deletions=False) == ["uuid:1"]
        assert deleted(odk, withdrawn_review_states=[]) == []


def test_a_rejected_submission_counts_as_deleted_until_it_is_not(odk: OdkSystem) -> None:
    submit(odk, "uuid:1", 1)
    submit(odk, "uuid:2", 2)
    odk.review("uuid:1", "rejected", DAY.format(3))
    odk.review("uuid:2", "hasIssues", DAY.format(3))
    assert deleted(odk) == ["uuid:1"]
    cursor = end(odk)
    odk.review("uuid:1", "approved", DAY.format(4))
    assert [(one.document, one.deleted) for one in records_of(reader(odk), cursor)][-1] == ("uuid:1", False)


def test_only_approved_submissions_can_be_read(odk: OdkSystem) -> None:
    for number, state in enumerate((None, "edited", "hasIssues", "rejected", "approved")):
        submit(odk, f"uuid:{number}", number + 1, system={"reviewState": state})
    others = ["received", "edited", "hasIssues", "rejected"]
    assert deleted(odk, withdrawn_review_states=others) == ["uuid:3", "uuid:2", "uuid:1", "uuid:0"]
    assert deleted(odk, withdrawn_review_states=[]) == []


# Who we are


def test_a_web_user_logs_in_once_for_a_reading(odk: OdkSystem) -> None:
    for number in range(4):
        submit(odk, f"uuid:{number}", number + 1)
    assert len(documents(odk, page_size=1)) == 4
    assert [one.path for one in odk.requests].count("v1/sessions") == 1


def test_a_session_that_ends_between_two_pages_is_begun_again(odk: OdkSystem) -> None:
    for number in range(4):
        submit(odk, f"uuid:{number}", number + 1)
    read = []
    for record in records_of(reader(odk, page_size=2)):
        read.append(record.document)
        odk.expire_sessions()
    assert read == ["uuid:3", "uuid:2", "uuid:1", "uuid:0"]
    assert [one.path for one in odk.requests].count("v1/sessions") == 2


def test_a_wrong_password_is_told_without_the_password(odk: OdkSystem) -> None:
    options = odk.options
    odk.secret("odk-password", f"not {PASSWORD}")
    made = OdkReader(OdkOptions.model_validate(options), SourceContext("x", odk.folder, ZoneInfo("Europe/Sofia")))
    with pytest.raises(OperatorNeeded) as refused:
        list(made.records())
    assert PASSWORD not in str(refused.value)
    assert "401.2" in str(refused.value)


def test_e_mail_and_password_can_go_with_every_request(tmp_path: Path) -> None:
    with OdkSystem(tmp_path, auth="basic") as odk:
        submit(odk, "uuid:1")
        assert documents(odk) == ["uuid:1"]
        assert not [one for one in odk.requests if one.path == "v1/sessions"]


def test_somebody_without_a_right_to_read_is_told_so(odk: OdkSystem) -> None:
    submit(odk, "uuid:1")
    bearer = {"kind": "bearer", "token": odk.secret("token", "abc")}
    with pytest.raises(OperatorNeeded, match="auth settings"):
        documents(odk, auth=bearer)


def test_settings_without_anybody_are_refused(odk: OdkSystem) -> None:
    with pytest.raises(ValidationError, match="auth"):
        OdkOptions.model_validate({**odk.options, "auth": None})


def test_a_form_that_is_not_there_is_a_matter_of_settings(odk: OdkSystem) -> None:
    submit(odk, "uuid:1")
    with pytest.raises(SettingsError) as refused:
        documents(odk, form="other")
    assert (refused.value.code, refused.value.place) == ("not-found", "form other")


def test_the_number_of_submissions_is_known(odk: OdkSystem) -> None:
    for number in range(3):
        submit(odk, f"uuid:{number}")
    assert reader(odk).count() == 3
