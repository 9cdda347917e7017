"""What the checker says about a place of a mapping file."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from hm_fhir.errors import MappingError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hm_fhir.errors import ExpressionError
    from hm_fhir.mapping.files.yaml_file import YamlDocument, YamlPath

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One mistake, or something that is probably one.

    Attributes:
        severity: an error is wrong for some activity, whatever the activity model allows; a warning may be meant.
        code: kind of mistake, ``kebab-case``; listed in the reference of the mapping language.
        place: ``file:line:column``.
        message: what is wrong.
        fix: what to do, in one sentence, or None.
        excerpt: the line with a caret below the place, or None for files that are not YAML.
        mappings: files of the mappings in which it is wrong; empty for what is wrong in a file by itself.
    """

    severity: Severity
    code: str
    place: str
    message: str
    fix: str | None = None
    excerpt: str | None = None
    mappings: tuple[str, ...] = ()

    @property
    def is_error(self) -> bool:
        """Whether it is an error."""
        return self.severity == "error"

    def __str__(self) -> str:
        what_to_do = f" ({self.fix})" if self.fix else ""
        excerpt = f"\n{self.excerpt}" if self.excerpt else ""
        return f"{self.place}: {self.severity} {self.code}: {self.message}{what_to_do}{excerpt}"

    def as_error(self) -> MappingError:
        """Return it as the error that stops an app."""
        return MappingError(self.message, code=self.code, fix=self.fix, place=self.place, excerpt=self.excerpt)


def of_error(error: MappingError) -> Finding:
    """Return a mistake that the loader found."""
    return Finding("error", error.code, error.place or "", error.message, error.fix, error.excerpt)


@dataclass(frozen=True, slots=True, eq=False)
class Spot:
    """A place of a file: a YAML value, its key, or a character of an expression in it.

    Attributes:
        document: the file.
        path: of the value.
        text: the expression, or None for the value as a whole.
        position: 0-based offset in the expression.
        key: the key of the value instead of the value.
    """

    document: YamlDocument
    path: YamlPath
    text: str | None = None
    position: int = 0
    key: bool = False

    def located(self) -> tuple[str, str]:
        """Return place and excerpt."""
        if self.text is not None:
            return self.document.place_within(self.path, self.text, self.position)
        key = self.key or (bool(self.path) and str(self.path[-1]).startswith("{"))
        return self.document.place(self.path, key=key), self.document.excerpt(self.path, key=key)


class Cause(Protocol):
    """The mapping that is being checked."""

    @property
    def file(self) -> str:
        """Name of its file."""

    def of(self, spot: Spot) -> str | None:
        """Return what the mapping has to do with a place of another pack; None where the place is of its own pack."""


class Findings:
    """What was found so far; the same thing at the same place is found once.

    Attributes:
        cause: the mapping that is being checked; None: none.
    """

    def __init__(self) -> None:
        self._found: dict[tuple[str, str, str], Finding] = {}
        self.cause: Cause | None = None
        self._places: set[tuple[str, str]] = set()
        self._repeats = True

    @contextmanager
    def no_repeats(self) -> Iterator[None]:
        """Add nothing where something of the same kind was found before."""
        before, self._repeats = self._repeats, False
        try:
            yield
        finally:
            self._repeats = before

    def has(self, spot: Spot, code: str) -> bool:
        """Return whether something of a kind was found at a place."""
        return (spot.located()[0], code) in self._places

    def __iter__(self) -> Iterator[Finding]:
        return iter(sorted(self._found.values(), key=_order))

    def __len__(self) -> int:
        return len(self._found)

    def error(self, spot: Spot, code: str, message: str, fix: str | None = None) -> None:
        """Add an error."""
        self._add("error", spot, code, message, fix)

    def warning(self, spot: Spot, code: str, message: str, fix: str | None = None) -> None:
        """Add a warning."""
        self._add("warning", spot, code, message, fix)

    def expression(self, spot: Spot, error: ExpressionError) -> None:
        """Add what the compiler of expressions says about one."""
        inner = Spot(spot.document, spot.path, error.text, error.position)
        self._add("error", inner, error.code, error.message, error.fix)

    def add(self, finding: Finding) -> None:
        """Add a finding that knows its place."""
        self._found.setdefault((finding.place, finding.code, finding.message), finding)

    def _add(self, severity: Severity, spot: Spot, code: str, message: str, fix: str | None) -> None:
        place, excerpt = spot.located()
        if not self._repeats and (place, code) in self._places:
            return
        self._places.add((place, code))
        if self.cause is None:
            self.add(Finding(severity, code, place, message, fix, excerpt))
        elif (place, code, message) not in self._found:  # then it is no matter of this mapping
            reason = self.cause.of(spot)
            whole = f"{message}; {reason}" if reason else message
            self.add(Finding(severity, code, place, whole, fix, excerpt, (self.cause.file,)))


def _order(finding: Finding) -> tuple[str, int, int, str]:
    name, _, rest = finding.place.partition(".yaml:")
    line, _, column = rest.partition(":")
    return name, int(line) if line.isdigit() else 0, int(column) if column.isdigit() else 0, finding.message
