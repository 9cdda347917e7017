"""Which mapping is for an activity: found by its type where `when` names one, asked for otherwise."""

from __future__ import annotations

import pytest

from hm_fhir.fhirpath import compile  # noqa: A004
from hm_fhir.mapping.dispatch import Dispatch, only_type


@pytest.mark.parametrize(
    ("when", "found"),
    [
        ("type = 'home-visit'", "home-visit"),
        ("  type='home-visit'  ", "home-visit"),
        ("type = 'home-visit' and note.exists()", "home-visit"),
        ("type = 'home-visit'\nand (a = 1)", "home-visit"),
        ("type = 'home-visit' or type = 'referral'", None),
        ("type = 'home-visit' and a = 1 or b = 2", None),
        ("type = 'home-visit' and a xor b", None),
        ("type = 'home-visit' and a implies b", None),
        ("type = 'home-visit' | 'referral'", None),
        ("type = 'home-visit' = a", None),
        ("type = 'home-visit'.lower()", None),
        ("type != 'home-visit'", None),
        ("type = 'home\\u002dvisit'", None),
        ("subtype = 'home-visit'", None),
        ("a and type = 'home-visit'", None),
        ("type = 'home-visit' // and more\n or true", None),
        ("type = 'home-visit' and a /* and\n */ or b", None),
        ("type in ('home-visit' | 'referral')", None),
        ("true", None),
    ],
)
def test_the_type_that_a_condition_asks_for_first(when: str, found: str | None) -> None:
    assert only_type(compile(when)) == found


def test_only_those_are_asked_that_can_be_for_the_activity_and_in_order() -> None:
    texts = ("note.exists()", "type = 'a'", "type = 'b'", "type = 'a' and x", "true")
    dispatch = Dispatch([(compile(text), text) for text in texts])
    names = {kind: [name for _, name in dispatch.candidates({"type": kind})] for kind in ("a", "b", "c", None)}
    assert names == {
        "a": [texts[0], texts[1], texts[3], texts[4]],
        "b": [texts[0], texts[2], texts[4]],
        "c": [texts[0], texts[4]],
        None: list(texts),
    }
    assert [name for _, name in dispatch.candidates({"type": ["a"]})] == list(texts)
    assert [name for _, name in dispatch.candidates({})] == list(texts)
    assert list(dispatch) == list(texts)


def test_what_the_type_says_already_is_not_asked_again_unless_somebody_watches() -> None:
    texts = ["type = 'a'", "type = 'a' and x", "y"]
    entries = [(compile(text), text) for text in texts]
    left, all_of_them = (
        [when and when.text for when, _ in Dispatch(entries, asks_all=asks_all).candidates({"type": "a"})]
        for asks_all in (False, True)
    )
    assert left == [None, *texts[1:]]
    assert all_of_them == texts
