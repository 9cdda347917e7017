"""What a fields file looks like; `declared` says what more its parts ask of each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from hm_fhir.mapping.files.spec import Name, NotEmpty, RefusalSpec, read_spec

if TYPE_CHECKING:
    from hm_fhir.mapping.files.yaml_file import YamlDocument
    from hm_fhir.mapping.template.blocks import Report

Kind = Literal[
    "text",
    "code",
    "integer",
    "decimal",
    "boolean",
    "date",
    "time",
    "moment",
    "date-or-moment",
    "national-number",
    "mediator",
    "facility",
]
DateForm = Literal[
    "iso",
    "day.month.year",
    "day/month/year",
    "day-month-year",
    "month/day/year",
    "year.month.day",
    "year/month/day",
    "day.month.yy",
    "day/month/yy",
    "day-name-year",
    "day.roman.year",
    "excel-serial",
    "epoch-seconds",
    "epoch-milliseconds",
]
NumberKind = Literal["egn", "lnch", "nhis-newborn", "passport"]

_TEXT: Final = {"type": "string", "minLength": 1}
_TEXTS: Final = {"anyOf": [_TEXT, {"type": "array", "items": _TEXT, "minItems": 1}]}


def _texts(value: Any) -> Any:
    """Return one text or a list of texts as a tuple; a union of types would name each in the path of a mistake."""
    found = value if isinstance(value, list) else [value]
    if not found or any(not isinstance(one, str) or not one.strip() for one in found):
        raise PydanticCustomError("string_type", "a text")
    return tuple(found)


def _separators(value: Any) -> Any:
    if isinstance(value, bool):
        return () if value else None
    found = value if isinstance(value, list) else [value]
    if not found or any(not isinstance(one, str) or not one for one in found):
        raise PydanticCustomError("string_type", "a separator")
    return tuple(found)


def _scalar(value: Any) -> Any:
    if isinstance(value, dict | list):
        raise PydanticCustomError("one_value", "must be one value: a text, a number, true or false")
    return value


Texts = Annotated[tuple[str, ...], BeforeValidator(_texts), WithJsonSchema(_TEXTS)]
Separators = Annotated[
    tuple[str, ...] | None,
    BeforeValidator(_separators),
    WithJsonSchema({"anyOf": [{"type": "boolean"}, _TEXT, {"type": "array", "items": _TEXT, "minItems": 1}]}),
]
Scalar = Annotated[Any, AfterValidator(_scalar), WithJsonSchema({"type": ["string", "number", "boolean", "null"]})]


class _File(BaseModel):
    # Not strict: lists of the file become tuples.
    model_config = ConfigDict(extra="forbid", frozen=True)


def _number_kind(value: Any) -> Any:
    # A union of types would name each in the path of a mistake; `declared` says what is wrong in an object.
    return value if isinstance(value, dict) else _texts(value)


NumberKinds = Annotated[
    Any,
    BeforeValidator(_number_kind),
    WithJsonSchema(
        {
            "anyOf": [
                {"enum": ["egn", "lnch", "nhis-newborn", "passport"]},
                {"type": "array", "items": {"enum": ["egn", "lnch"]}, "minItems": 1},
                {
                    "type": "object",
                    "properties": {"column": _TEXTS, "codes": _TEXT},
                    "required": ["column", "codes"],
                    "additionalProperties": False,
                },
            ]
        }
    ),
]


class ValueSpec(_File):
    """How one value of a record is read."""

    column: Texts = Field(description="heading, or path in a document; several: the first that is filled")
    type: Kind | None = Field(default=None, description="what it is; default: text")
    codes: NotEmpty | None = Field(default=None, description="code table that says what its words stand for")
    many: Separators = Field(
        default=None, description="several values: true for a JSON list, else what stands between them in a text"
    )
    each: dict[str, ValueSpec] | None = Field(
        default=None, description="a list of objects: how the values of each object are read"
    )
    required: bool = Field(default=False, strict=True, description="a record in which it is empty is rejected")
    optional: bool = Field(default=False, strict=True, description="the column may be absent from the headings")
    personal: bool = Field(
        default=False, strict=True, description="values of this column are never shown, not even as a code"
    )
    default: Scalar = Field(default=None, description="what an empty column stands for, as the activity has it")
    forms: tuple[DateForm, ...] | None = Field(
        default=None, description="how dates are written there, beside ISO 8601; default: as usual for `reads`"
    )
    zone: NotEmpty | None = Field(
        default=None, description="time zone of times without one, such as UTC; default: that of the deployment"
    )
    time: Texts | None = Field(default=None, description="column with the time of day that belongs to the date")
    kind: NumberKinds = Field(
        default=None, description="kind of a national number: fixed, several that are tried, or another column"
    )
    yes: Texts | None = Field(default=None, description="words for true")
    no: Texts | None = Field(default=None, description="words for false")


class SplitSpec(_File):
    """The list whose objects are records."""

    column: NotEmpty = Field(description="key or path of the list")
    optional: bool = Field(
        default=False, strict=True, description="the product leaves the list out of a document when it is empty"
    )


def _split(value: Any) -> Any:
    if isinstance(value, str):
        return {"column": value}
    if not isinstance(value, dict):
        raise PydanticCustomError("string_type", "a text")
    return value


def _or_text(made: dict[str, Any]) -> None:
    made["anyOf"].insert(0, _TEXT)


Split = Annotated[SplitSpec, BeforeValidator(_split)]


class FieldsSpec(_File):
    """A fields file: how the records of a source become activities."""

    fields: Name = Field(description="name of these fields, such as samokov-register")
    version: NotEmpty = Field(description="version of the file, such as 1.0.0")
    reads: Name = Field(description="kind of the source: csv, xlsx, kobo ...")
    options: dict[str, Any] = Field(default={}, description="settings of the source; those of the deployment win")
    newest: Literal["updated-at", "last-read"] = Field(
        default="updated-at",
        description="which version of a record counts: the one with the later updated_at, or the one that was read "
        "last (for a system that keeps no time of change)",
    )
    split: Split | None = Field(
        default=None,
        description="column with a list of objects, each of which is a record with the rest of its document",
        json_schema_extra=_or_text,
    )
    record: dict[str, ValueSpec] = Field(description="name -> how this value of a record is read")
    ignored: tuple[NotEmpty, ...] = Field(default=(), description="columns that tell nothing; * stands for any text")
    together: dict[str, Texts] = Field(
        default={}, description="column -> columns without which it says nothing: rejected instead of lost"
    )
    codes: dict[str, dict[str, Scalar]] = Field(
        default={}, description="code tables: local word -> what it stands for; null: known, says nothing"
    )
    assign: tuple[dict[str, Any], ...] = Field(default=(), description="variables, in order, in FPML")
    refuse: tuple[RefusalSpec, ...] = Field(default=(), description="reasons to reject a record, in order")
    activity: dict[str, Any] = Field(description="FPML: the activity")


def read_fields_spec(document: YamlDocument, report: Report) -> FieldsSpec | None:
    """Return the content of a fields file, or None after reporting every mistake at its place."""
    return read_spec(FieldsSpec, document, report)
