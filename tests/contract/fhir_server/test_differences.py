"""The table of differences holds what is tested, and only real differences."""

from __future__ import annotations

from pathlib import Path


def test_every_difference_is_tested(differences):
    tests = "".join(file.read_text(encoding="utf-8") for file in Path(__file__).parent.glob("test_*.py"))
    assert [rule for rule in differences if f'"{rule}"' not in tests] == []


def test_every_difference_is_one(differences):
    assert [rule for rule, one in differences.items() if one.loopback == one.sekmet == one.hapi] == []


def test_where_the_loopback_server_differs_from_hapi_it_refuses_more_or_declares_more(differences):
    for rule, one in differences.items():
        if one.loopback != one.hapi:
            assert one.loopback in (400, 409, True), rule
