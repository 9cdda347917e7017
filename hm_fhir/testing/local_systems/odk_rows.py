"""How ODK Central writes a submission as OData rows.

Source: getodk/central-backend (Apache-2.0), ``lib/data/odata.js``: every question of the form has a key, null without
an answer; groups are objects; a repeat is a list only with ``$expand=*``, else only a link, and neither when it has
no members; the ``__id`` of a member is a SHA-1 of its place.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

Row = dict[str, Any]


class Form:
    """The questions of a form, learnt from submissions: objects are groups, lists of objects are repeats."""

    def __init__(self) -> None:
        self._questions: Row = {}

    def learn(self, submission: Mapping[str, Any]) -> None:
        """Add the questions of a submission."""
        _learn(self._questions, submission)

    def tables(self) -> tuple[str, ...]:
        """Return the names of the tables."""
        return ("Submissions", *_tables(self._questions, "Submissions"))

    def rows(self, table: str, key: str, submission: Mapping[str, Any], *, expand: bool) -> Iterator[Row]:
        """Yield the rows of one submission in a table, without ``__system``.

        Args:
            table: name of the table.
            key: instance id.
            submission: groups and repeats as objects and lists.
            expand: whether repeats stand in their rows.
        """
        writer = _Writer(table, key, expand)
        row = {"__id": key, **writer.row(self._questions, submission, ("Submissions",), (), (key, "Submissions"))}
        if table == "Submissions":
            yield row
        yield from writer.found


class _Writer:
    def __init__(self, table: str, key: str, expand: bool) -> None:
        self.found: list[Row] = []
        self._table = table
        self._key = key
        self._expand = expand

    def row(
        self,
        questions: Row,
        answers: Mapping[str, Any],
        path: tuple[str, ...],
        steps: tuple[str, ...],
        parent: tuple[str, str],
    ) -> Row:
        """Return a row.

        Args:
            questions: of the form, at this place.
            answers: of the submission, at this place.
            path: names of the groups and repeats on the way; with points the name of a table.
            steps: the same with the ids of the members, as links have them.
            parent: id and table of the row that this is in.
        """
        row: Row = {}
        for name, question in questions.items():
            answer = answers.get(name)
            here = (*path, name)
            if question is None:
                row[name] = answer
            elif isinstance(question, dict):
                row[name] = self.row(question, answer or {}, here, (*steps, name), parent)
            elif answer:
                link = "/".join((f"Submissions('{self._key}')", *steps, name))
                row[f"{name}@odata.navigationLink"] = link
                members = [
                    self._member(question[0], member, here, (*steps, name), parent, number)
                    for number, member in enumerate(answer)
                ]
                if self._expand:
                    row[name] = members
        return row

    def _member(
        self,
        questions: Row,
        answers: Mapping[str, Any],
        path: tuple[str, ...],
        steps: tuple[str, ...],
        parent: tuple[str, str],
        number: int,
    ) -> Row:
        table = ".".join(path)
        place = f"{parent[0]}%%{table}#{number}"
        key = hashlib.sha1(place.encode(), usedforsecurity=False).hexdigest()
        inside = (*steps[:-1], f"{steps[-1]}('{key}')")
        row = {**self.row(questions, answers, path, inside, (key, table)), "__id": key}
        if table == self._table:
            self.found.append({**row, f"__{parent[1].replace('.', '-')}-id": parent[0]})
        return row


def _learn(questions: Row, answers: Mapping[str, Any]) -> None:
    for name, answer in answers.items():
        if isinstance(answer, Mapping):
            if not isinstance(questions.get(name), dict):
                questions[name] = {}
            _learn(questions[name], answer)
        elif isinstance(answer, list):
            if not isinstance(questions.get(name), list):
                questions[name] = [{}]
            for member in answer:
                _learn(questions[name][0], member)
        else:
            questions.setdefault(name, None)


def _tables(questions: Row, path: str) -> Iterator[str]:
    for name, question in questions.items():
        if isinstance(question, dict):
            yield from _tables(question, f"{path}.{name}")
        elif isinstance(question, list):
            yield f"{path}.{name}"
            yield from _tables(question[0], f"{path}.{name}")
