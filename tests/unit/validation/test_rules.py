"""The table of rules says all that validation reports, and nothing that it does not."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import hm_fhir.validation
from hm_fhir.validation.issue import SEVERITIES, Code
from hm_fhir.validation.rules import GROUPS, RULES

FOLDER = Path(hm_fhir.validation.__file__).parent
# What looks like a rule in the code, and is a word of FHIR or Python.
OTHER_WORDS = {
    *get_args(Code), "batch-response", "transaction-response", "open-choice", "utf-16-le", "utf-8", "hm-fhir",
}  # fmt: skip
INVARIANT = re.compile(r"[a-z]{2,4}-\d+[a-z]?")


def words() -> Iterator[tuple[str, str]]:
    """Yield texts in kebab case that stand in calls, tuples and choices, with their place."""
    for file in sorted(FOLDER.rglob("*.py")):
        if file.name == "rules.py":
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            for word in _texts_in(node):
                if re.fullmatch(r"[a-z]+(-[a-z0-9]+)+", word):
                    yield word, f"{file.name}:{node.lineno}"  # type: ignore[attr-defined]


def _texts_in(node: ast.AST) -> list[str]:
    parts: list[ast.expr] = []
    if isinstance(node, ast.Call):
        parts = [*node.args, *(keyword.value for keyword in node.keywords)]
    elif isinstance(node, ast.Tuple):
        parts = node.elts
    elif isinstance(node, ast.IfExp):
        parts = [node.body, node.orelse]
    return [part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)]


def test_every_rule_that_the_code_reports_is_in_the_table() -> None:
    unknown = {
        word: place
        for word, place in words()
        if word not in RULES and word not in OTHER_WORDS and not INVARIANT.fullmatch(word)
    }
    assert unknown == {}


def test_the_table_has_no_rule_that_the_code_does_not_know() -> None:
    code = "\n".join(file.read_text(encoding="utf-8") for file in FOLDER.rglob("*.py") if file.name != "rules.py")
    assert [name for name in RULES if f'"{name}"' not in code] == []


def test_no_rule_stands_twice_or_looks_like_an_invariant() -> None:
    assert len(RULES) == sum(map(len, GROUPS.values()))
    assert not [name for name in RULES if INVARIANT.fullmatch(name)]
    assert all(set(rule.severities) <= set(SEVERITIES) and rule.severities for rule in RULES.values())
