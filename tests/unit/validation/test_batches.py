"""Texts are checked in batches that are bounded in number and size; what is found comes in their order."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hm_fhir.validation.deployment.check import ResourceCheck
from hm_fhir.validation.issue import Issue
from hm_fhir.validation.reading.batches import MOST_BYTES, MOST_TEXTS, TextCheck, batches, check_texts
from hm_fhir.validation.reading.files import Text


class EchoesId:
    """Stands for the validator: one warning for each resource, at its id."""

    def validate(self, resource: dict[str, Any], profiles: tuple[str, ...]) -> tuple[Issue, ...]:
        assert profiles == ()
        if resource.get("id") == "deep":
            raise RecursionError
        return (Issue("warning", "value", "echo", f"{resource['resourceType']}.{resource.get('id')}", "text"),)


def check() -> TextCheck:
    return TextCheck(ResourceCheck(EchoesId()))  # type: ignore[arg-type]


@given(st.lists(st.integers(0, MOST_BYTES + 10), max_size=200))
def test_batches_are_bounded_and_lose_nothing(sizes: list[int]) -> None:
    texts = [Text("a.ndjson", index, b" " * size) for index, size in enumerate(sizes)]
    made = list(batches(texts))
    assert [text for batch in made for text in batch] == texts
    for batch in made:
        assert 1 <= len(batch) <= MOST_TEXTS
        assert len(batch) == 1 or sum(len(text.text) for text in batch) <= MOST_BYTES


def test_each_text_has_what_was_found_in_it() -> None:
    texts = [
        Text("a.ndjson", 0, b'{"resourceType": "Patient", "id": "one"}'),
        Text("a.ndjson", 2, b"not json"),
        Text("b.json", 0, b'{"resourceType": "Patient", "id": "deep"}'),
        Text("b.json", 1, b"{}"),
    ]
    found = list(check_texts(texts, check, 1))
    rules = [(one.file, one.index, one.size_bytes, [issue.rule for issue in one.issues]) for one in found]
    assert rules == [
        ("a.ndjson", 0, 40, ["echo"]),
        ("a.ndjson", 2, 8, ["not-json"]),
        ("b.json", 0, 41, ["not-json"]),
        ("b.json", 1, 2, ["not-fhir"]),
    ]


def test_texts_are_read_one_by_one() -> None:
    read = 0

    def texts() -> Any:
        nonlocal read
        for index in range(10):
            read += 1
            yield Text("a.ndjson", index, b"{}")

    found = check_texts(texts(), check, 1)
    next(found)
    assert read == 1
    found.close()
