"""The whole error tree. A class says what happens next; a message says what happened, where, and what to do.

::

    HmFhirError
     ├── SettingsError          nothing runs until an operator changes the settings
     │    ├── PluginError       ... or the plugin
     │    └── MappingError      ... or the mapping file
     │         ├── MappingErrors     all mistakes of a pack together
     │         └── ExpressionError   a FHIRPath expression is wrong
     ├── RecordRejected         one record is kept with its reason, the others go on
     │    └── MappingRefused    ... because its mapping says so
     ├── DeliveryError
     │    ├── RetryLater        the target could not answer now; the entries wait
     │    └── OperatorNeeded    the target refuses this deployment; nothing more is sent to it
     └── StoreError             the store is of another version, or belongs to another deployment

No message holds a name, national id, phone number, address, free text, or a value of a record.
"""

from __future__ import annotations

import traceback
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from hm_fhir import lookalikes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class HmFhirError(Exception):
    """Anything that hm_fhir raises on purpose.

    Args:
        message: what happened; never a value of a record.
        code: a short fixed word for machines, ``kebab-case``.
        fix: what to do about it, in one sentence.
        place: where: ``file:line:column``, a settings key, a FHIRPath.
    """

    code = "error"

    def __init__(
        self, message: str, *, code: str | None = None, fix: str | None = None, place: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.fix = fix
        self.place = place

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place else ""
        what_to_do = f" ({self.fix})" if self.fix else ""
        return f"{where}{self.message}{what_to_do}"


class SettingsError(HmFhirError):
    """Nothing runs until an operator changes the settings."""

    code = "settings"


class PluginError(SettingsError):
    """A plugin is broken, missing, or clashes with another one."""

    code = "plugin"


class MappingError(SettingsError):
    """A mapping file is wrong; found before any data flows.

    Args:
        message: what is wrong.
        excerpt: the line of the file with a caret below the place.
        code: see HmFhirError.
        fix: see HmFhirError.
        place: ``file:line:column``.
    """

    code = "mapping"

    def __init__(
        self,
        message: str,
        *,
        excerpt: str | None = None,
        code: str | None = None,
        fix: str | None = None,
        place: str | None = None,
    ) -> None:
        super().__init__(message, code=code, fix=fix, place=place)
        self.excerpt = excerpt

    def __str__(self) -> str:
        return super().__str__() + (f"\n{self.excerpt}" if self.excerpt else "")


class MappingErrors(MappingError):
    """All mistakes of a pack, found together.

    Args:
        errors: at least one.
    """

    def __init__(self, errors: Sequence[MappingError]) -> None:
        super().__init__("\n".join(str(error) for error in errors))
        self.errors = tuple(errors)


class ExpressionError(MappingError):
    """A FHIRPath expression is wrong.

    Args:
        message: what is wrong, and what was expected.
        text: the expression.
        position: 0-based offset of the mistake in the text.
        fix: see HmFhirError.
    """

    code = "expression"

    def __init__(self, message: str, *, text: str, position: int, fix: str | None = None) -> None:
        super().__init__(message, fix=fix, excerpt=caret(text, position))
        self.text = text
        self.position = position

    def __reduce__(self) -> tuple[Any, ...]:
        # An exception is copied by its positional arguments alone, and this one needs two by name.
        return _expression_error, (self.message, self.text, self.position, self.fix)


def _expression_error(message: str, text: str, position: int, fix: str | None) -> ExpressionError:
    return ExpressionError(message, text=text, position=position, fix=fix)


class RecordRejected(HmFhirError):
    """One record cannot become an activity: it is counted, kept with this reason, and can be replayed."""

    code = "record"
    expression: str | None = None
    """The FHIRPath that failed, if one did."""
    path: tuple[str | int, ...] | None = None
    """Where it stands in its mapping file."""
    spot: str | None = None
    """The same as ``file:line:column``."""


class MappingRefused(RecordRejected):
    """A mapping says that this activity must not be sent as it is."""

    code = "mapping-refused"


class DeliveryError(HmFhirError):
    """A target did not take what was sent."""

    code = "delivery"


class RetryLater(DeliveryError):
    """The target could not answer now; what was sent waits.

    Args:
        message: what happened.
        after_seconds: how long the target asked to wait, if it did.
    """

    code = "retry-later"

    def __init__(self, message: str, *, after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.after_seconds = after_seconds


class OperatorNeeded(DeliveryError):
    """The target refuses this deployment (credentials, address, version): nothing more is sent to it."""

    code = "operator-needed"


class StoreError(HmFhirError):
    """The store cannot be used by this deployment or this version."""

    code = "store"


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """Return ``did you mean 'x'?`` for the nearest known word, or the list of known words, or None.

    Of a word with Cyrillic letters that look like Latin ones it says that, since the two words look the same.
    """
    choices = sorted(known)
    read_as = lookalikes.latin(word)
    near = get_close_matches(read_as, choices, n=1, cutoff=0.6)
    if near:
        # The word itself may be a value of a record, so not even a letter of it is repeated.
        hint = " It is written here with Cyrillic letters that look like Latin ones" if read_as != word else ""
        return f"did you mean {near[0]!r}?{hint}"
    return f"known: {', '.join(choices)}" if choices else None


def known_fields(model: Any, steps: Iterable[object]) -> list[str]:
    """Return the names that can be written at a place of a pydantic model: the other half of `did_you_mean`.

    Args:
        model: the class of the whole.
        steps: fields on the way. What is no field (a position, a key of a table) leads nowhere else; the tag of a
            choice between models chooses its model.
    """
    found = [model]
    for step in steps:
        fields = [one.model_fields[step] for one in found if step in one.model_fields]
        if fields:
            found = [inner for field in fields for inner in _models_in(field.annotation)]
        else:
            found = [one for one in found if _has_tag(one, step)] or found
    return [field.alias or name for one in found for name, field in one.model_fields.items() if not field.exclude]


def _models_in(annotation: Any) -> list[Any]:
    if isinstance(annotation, type) and hasattr(annotation, "model_fields"):
        return [annotation]
    return [inner for part in get_args(annotation) for inner in _models_in(part)]


def _has_tag(model: Any, tag: object) -> bool:
    return any(tag in get_args(field.annotation) for field in model.model_fields.values())


def place_of(defect: BaseException) -> str:
    """Return file and line where something failed: they hold no value of a record, what it says could."""
    frame = traceback.extract_tb(defect.__traceback__)[-1]
    return f"{Path(frame.filename).name}:{frame.lineno}"


def caret(text: str, position: int) -> str:
    """Return the line of `text` that holds the 0-based `position`, with a caret below it."""
    start = text.rfind("\n", 0, position) + 1
    end = text.find("\n", position)
    line = text[start : end if end >= 0 else len(text)]
    return f"{line}\n{' ' * (position - start)}^"
