"""How commands show what validation found: for a person, as JSON lines, as OperationOutcomes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Protocol

import msgspec
from rich.console import Console
from rich.markup import escape

from hm_fhir.cli.console import counted, out
from hm_fhir.validation.deployment.findings import Findings
from hm_fhir.validation.issue import WHOLE, Issue, Severity, operation_outcome
from hm_fhir.validation.reading.batches import Checked

_COLOURS: dict[Severity, str] = {
    "fatal": "bold red",
    "error": "bold red",
    "warning": "bold yellow",
    "information": "bold blue",
}
_MOST_LINES = 20
_NOUNS: tuple[tuple[tuple[Severity, ...], str], ...] = (
    (("fatal", "error"), "error"),
    (("warning",), "warning"),
    (("information",), "remark"),
)


class Printer(Protocol):
    """Shows what was found."""

    def resource(self, checked: Checked) -> None:
        """Take the findings of one resource."""

    def end(self) -> None:
        """The file is at its end."""


class JsonLines:
    """One JSON object for each issue.

    Args:
        shown: severities.
    """

    def __init__(self, shown: Collection[Severity]) -> None:
        self._shown = shown

    def resource(self, checked: Checked) -> None:
        """Print the issues of one resource."""
        for issue in checked.issues:
            if issue.severity in self._shown:
                out.file.write(_line({"file": checked.file, "index": checked.index, **issue_as_json(issue)}))

    def end(self) -> None:
        """Nothing is kept."""


class Outcomes:
    """One OperationOutcome for each resource.

    Args:
        shown: severities.
    """

    def __init__(self, shown: Collection[Severity]) -> None:
        self._shown = shown

    def resource(self, checked: Checked) -> None:
        """Print the OperationOutcome of one resource."""
        out.file.write(_line(operation_outcome(one for one in checked.issues if one.severity in self._shown)))

    def end(self) -> None:
        """Nothing is kept."""


class ForPeople:
    """What was found in each file, with the same findings of many resources as one.

    Args:
        shown: severities.
        print_line: takes lines of markup.
    """

    def __init__(self, shown: Collection[Severity], print_line: Callable[[str], None]) -> None:
        self._shown = shown
        self._print = print_line
        self._begin()

    def _begin(self) -> None:
        self._file = ""
        self._resources = 0
        self._findings = Findings()

    def resource(self, checked: Checked) -> None:
        """Count the findings of one resource."""
        self._file = checked.file
        self._resources += 1
        self._findings.add(checked.issues, f"index {checked.index}")

    def end(self) -> None:
        """Print what was found in the file; nothing of a file without findings."""
        lines = list(finding_lines(self._findings, self._shown))
        if lines:
            found, resources = amounts(self._findings.by_severity()), counted(self._resources, "resource")
            self._print(f"[bold]{escape(self._file)}[/]: {found} in {resources}")
            for line in lines:
                self._print(f"  {line}")
        self._begin()


class Silent:
    """Shows nothing."""

    def resource(self, checked: Checked) -> None:
        """Take the findings of one resource."""

    def end(self) -> None:
        """The file is at its end."""


def finding_lines(
    findings: Findings, shown: Collection[Severity], short: Callable[[str], str] = lambda place: place
) -> Iterator[str]:
    """Yield a line of markup for each kind of finding of some severities, the worst first.

    Args:
        findings: what was found.
        shown: severities.
        short: shortens the place in a mapping that made an element.
    """
    for kind, count in findings.kinds():
        if kind.severity not in shown:
            continue
        place = "the whole text" if kind.location == WHOLE else kind.location
        often = f"at {count.first}" if count.number == 1 else f"{count.number} times, first at {count.first}"
        whose = f" {kind.profile}" if kind.profile else ""
        whose += f" made in {short(kind.origin)}" if kind.origin else ""
        colour = _COLOURS[kind.severity]
        yield (
            f"[{colour}]{kind.severity}[/] {escape(place)}: {escape(kind.text)} "
            rf"\[{escape(kind.rule)}] [dim]{escape(often + whose)}[/]"
        )
    more = sum(number for severity, number in findings.more.items() if severity in shown)
    if more:
        yield f"{counted(more, 'finding')} of other kinds"


def print_findings(
    findings: Findings, short: Callable[[str], str], listed: Collection[Severity], *, to: Console = out
) -> None:
    """Print what was found while activities were mapped; nothing where there are only remarks.

    Args:
        findings: what was found.
        short: see `finding_lines`.
        listed: severities of which each kind has a line, the worst first; warnings are counted by rule otherwise.
        to: where it is printed.
    """
    lines = list(finding_lines(findings, listed, short))
    for line in lines[:_MOST_LINES]:
        to.print(f"    {line}")
    if len(lines) > _MOST_LINES:
        to.print(f"    and {len(lines) - _MOST_LINES} more kinds of findings")
    rules: Counter[str] = Counter()
    for kind, count in findings.kinds():
        if kind.severity == "warning":
            rules[kind.rule] += count.number
    if lines or rules:
        by_rule = ", ".join(f"{number} {rule}" for rule, number in sorted(rules.items()))
        more = f"; warnings: {by_rule}" if rules and "warning" not in listed else ""
        to.print(f"    found in what was made: {amounts(findings.by_severity())}{more}", highlight=False)


def amounts(numbers: Mapping[Severity, int]) -> str:
    """Return numbers of findings by severity for a person: ``2 errors, 1 warning``."""
    sums = ((sum(numbers.get(severity, 0) for severity in severities), noun) for severities, noun in _NOUNS)
    return ", ".join(counted(number, noun) for number, noun in sums if number) or "nothing found"


def issue_as_json(issue: Issue) -> dict[str, str | None]:
    """Return an issue as plain data."""
    return {
        "severity": issue.severity,
        "location": issue.location,
        "rule": issue.rule,
        "text": issue.text,
        "code": issue.code,
        "profile": issue.profile,
        "origin": issue.origin,
    }


def _line(value: object) -> str:
    return msgspec.json.encode(value).decode() + "\n"
