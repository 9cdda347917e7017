"""What is told is what is read: story -> local system -> fields -> activity."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hm_fhir.sources.base import Source
from hm_fhir.testing.samples import Sample
from hm_fhir.testing.story.municipality import Municipality, load_municipality
from hm_fhir.testing.story.round_trip import round_trip

SourceOver = Callable[..., Source]
Documents = Callable[[Municipality], dict[str, Mapping[str, Any]]]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_story_is_read_as_it_was_told(
    files: Path, seed: int, source_over: SourceOver, first_documents: Documents
) -> None:
    municipality = load_municipality(files, system=files.name, seed=seed)
    documents = first_documents(municipality)
    assert round_trip(municipality.story().first, source_over(files, documents, files.name)) == ()


def test_the_second_phase_is_read_as_it_was_told(sample: Sample, tmp_path: Path) -> None:
    assert round_trip(sample.activities, sample.source(tmp_path)) == ()
    sample.change()
    differences = round_trip(sample.activities, sample.source(tmp_path))
    # A visit in the future is a whole activity; only the store, which has a clock, refuses it.
    assert [(one.told, one.read) for one in differences] == [("nothing", "an activity")]


def test_other_people_are_written_with_other_spellings_of_the_same_words(first_documents: Documents) -> None:
    register = Path(__file__).parent / "register"
    municipality = load_municipality(register, system="register")
    often = replace(municipality.native, words=replace(municipality.native.words, spellings=50))
    municipality = replace(municipality, native=often)
    words = {document["cells"]["Вид дейност"] for document in first_documents(municipality).values()}
    known = set(municipality.native.words.tables["types"])
    assert words - known
    assert {" ".join(word.split()).casefold() for word in words} <= known
    exact = replace(municipality.native, words=replace(municipality.native.words, spellings=0))
    documents = first_documents(replace(municipality, native=exact)).values()
    assert {document["cells"]["Вид дейност"] for document in documents} <= known


def test_what_is_read_otherwise_is_named(
    files: Path, municipality: Municipality, source_over: SourceOver, first_documents: Documents
) -> None:
    first = municipality.story().first
    documents = first_documents(municipality)
    told = list(first)
    told[0] = first[0].model_copy(update={"setting": "online"})
    told[1] = first[1].model_copy(update={"local_id": "another"})
    found = round_trip(told, source_over(files, documents, files.name))
    assert {(one.local_id, one.path, one.told, one.read) for one in found} == {
        (first[0].local_id, "setting", "online", first[0].setting),
        (first[1].local_id, "", "nothing", "an activity"),
        ("another", "", "an activity", "nothing"),
    }
    assert str(found[0]).startswith(f"{first[0].local_id} (document ")


def test_a_record_that_is_refused_is_named_with_its_reason(files: Path, source_over: SourceOver) -> None:
    municipality = load_municipality(files, system=files.name)
    story = municipality.story()
    defect = next(change for change in story.changes if change.defect == "unknown-mediator")
    assert defect.native is not None
    local_id = defect.native["cells"]["№ по ред"] if "cells" in defect.native else defect.native["visits"][0]["id"]
    told = [story.first[0].model_copy(update={"local_id": local_id})]
    (found,) = round_trip(told, source_over(files, {defect.key: defect.native}, files.name))
    assert (found.local_id, found.told) == (local_id, "an activity")
    assert found.read.startswith("unknown-mediator: ")
