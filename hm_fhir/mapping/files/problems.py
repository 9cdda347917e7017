"""Collects the mistakes of a pack, each with its place, so that all are reported together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hm_fhir.errors import ExpressionError, MappingError, MappingErrors

if TYPE_CHECKING:
    from hm_fhir.mapping.files.yaml_file import YamlDocument, YamlPath
    from hm_fhir.mapping.template.blocks import Report


UNKNOWN_KEY = "unknown-key"
"""Code of a mistake that is about a key of a file, not about its value."""


class Problems:
    """The mistakes found so far."""

    def __init__(self) -> None:
        self.errors: list[MappingError] = []

    def add(self, error: MappingError) -> None:
        """Add a mistake that knows its place; the same one is added once."""
        if all((error.place, error.message) != (known.place, known.message) for known in self.errors):
            self.errors.append(error)

    def at(self, document: YamlDocument) -> Report:
        """Return a function that adds a mistake at a path of a document."""

        def report(path: YamlPath, error: MappingError) -> None:
            if isinstance(error, ExpressionError):
                error.place, error.excerpt = document.place_within(path, error.text, error.position)
            else:
                key = error.code == UNKNOWN_KEY or (bool(path) and str(path[-1]).startswith("{"))
                error.place, error.excerpt = document.place(path, key=key), document.excerpt(path, key=key)
            self.add(error)

        return report

    def raise_all(self) -> None:
        """Raise everything that was found, in the order of files and lines.

        Raises:
            MappingErrors: there is at least one mistake.
        """
        if self.errors:
            raise MappingErrors(sorted(self.errors, key=_order))


def _order(error: MappingError) -> tuple[str, int, int]:
    name, _, rest = (error.place or "").partition(".yaml:")
    line, _, column = rest.partition(":")
    return name, int(line) if line.isdigit() else 0, int(column) if column.isdigit() else 0
