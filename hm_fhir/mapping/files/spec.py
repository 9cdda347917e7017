"""What the files of a pack look like, and what is said when one does not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from hm_fhir.errors import MappingError, did_you_mean, known_fields
from hm_fhir.lookalikes import told
from hm_fhir.mapping.files.problems import UNKNOWN_KEY

if TYPE_CHECKING:
    from hm_fhir.mapping.files.yaml_file import YamlDocument
    from hm_fhir.mapping.template.blocks import Report

_NAME = r"^[A-Za-z][A-Za-z0-9_-]*$"
_CODE = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"
Name = Annotated[str, Field(pattern=_NAME)]
Code = Annotated[str, Field(pattern=_CODE)]
NotEmpty = Annotated[str, Field(min_length=1)]


def _is_choice_of_texts(value: Any) -> Any:
    # A union of types would put the name of each into the path of a mistake.
    if value is not None and (not isinstance(value, str | dict) or not value):
        raise PydanticCustomError("string_type", "a text")
    return value


ChoiceOfTexts = Annotated[Any, AfterValidator(_is_choice_of_texts)]
"""FPML that gives one of the texts that are written in it."""


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class PackSpec(_File):
    """``pack.yaml``."""

    pack: Name = Field(description="name of the pack, unique among the packs in force")
    version: NotEmpty = Field(description="version of the pack, such as 1.0.0")
    extends: list[NotEmpty] = Field(default=[], description="packs whose parts, concept maps and names it uses")
    replaces: list[NotEmpty] = Field(default=[], description="parts/NAME, conceptmaps/NAME: its own, in this pack")


class RefusalSpec(_File):
    """One entry of ``refuse``."""

    code: Code = Field(description="reason for machines, kebab-case")
    when: NotEmpty = Field(description="FHIRPath; the activity is refused when it is true")
    say: NotEmpty = Field(description="reason for people; no value of a record")


class ResourceSpec(_File):
    """One entry of ``resources``."""

    name: Name = Field(description="unique within the mapping; the name that reference() uses")
    type: NotEmpty = Field(description="FHIR R4 resource type")
    condition: NotEmpty | None = Field(default=None, alias="if", description="FHIRPath; no resource unless true")
    each: NotEmpty | None = Field(default=None, description="FHIRPath; one resource per item: %item, %index")
    key: NotEmpty | None = Field(default=None, description="FHIRPath; business key, default: that of the activity")
    as_of: NotEmpty | None = Field(default=None, description="FHIRPath; date or time since when its content holds")
    shared: bool = Field(default=False, description="about a person, mediator or place that many activities carry")
    withdrawable: bool = Field(
        default=False, description="shared, and taken back where no activity makes it any more; a person"
    )
    receiver_owns: list[NotEmpty] = Field(default=[], description="elements that the receiver may change")
    profile: ChoiceOfTexts = Field(default=None, description="canonical url for meta.profile; FPML may choose one")
    template: dict[str, Any] = Field(description="FPML: the resource without resourceType and id")


class PartSpec(_File):
    """``parts/*.yaml``: what several mappings share."""

    part: Name = Field(description="the name that include uses")
    assign: list[dict[str, Any]] = Field(default=[], description="variables, in order")
    refuse: list[RefusalSpec] = Field(default=[], description="reasons to refuse, in order")
    resources: list[ResourceSpec] = Field(default=[], description="resources, in order")


class MappingSpec(_File):
    """A mapping: one file of the pack."""

    mapping: Name = Field(description="name, unique over all packs in force")
    version: NotEmpty = Field(description="version of the mapping, such as 1.0.0")
    replaces: NotEmpty | None = Field(default=None, description="pack/mapping that is out of force because of this")
    when: NotEmpty = Field(description="FHIRPath on the activity: whether this mapping is for it")
    include: list[Name] = Field(default=[], description="parts, in order; they come before the mapping's own")
    assign: list[dict[str, Any]] = Field(default=[], description="variables, in order")
    refuse: list[RefusalSpec] = Field(default=[], description="reasons to refuse, in order")
    resources: list[ResourceSpec] = Field(default=[], description="resources, in order")


Spec = TypeVar("Spec", bound=BaseModel)


def read_spec(model: type[Spec], document: YamlDocument, report: Report) -> Spec | None:
    """Return the content of a file as its model, or None after reporting every mistake at its place."""
    try:
        return model.model_validate(document.value)
    except ValidationError as error:
        for finding in error.errors(include_url=False, include_context=True):
            path = _path_in(document.value, finding["loc"])
            report(path, _mistake(finding, path, model, document))
    return None


def _path_in(value: Any, steps: tuple[int | str, ...]) -> tuple[int | str, ...]:
    """Return the path in a file of what pydantic calls so; it also names choices between models, and keys as such."""
    path: list[int | str] = []
    for step in steps:
        if (isinstance(value, dict) and step in value) or (isinstance(value, list) and isinstance(step, int)):
            value = value[step]  # type: ignore[index]  # the kinds fit, as was just seen
            path.append(step)
    return tuple(path)


def _mistake(
    finding: Any, path: tuple[int | str, ...], model: type[BaseModel], document: YamlDocument
) -> MappingError:
    name = next((step for step in reversed(path) if isinstance(step, str)), "the file")
    kind, given, context = finding["type"], finding["input"], finding.get("ctx", {})
    if kind == "extra_forbidden":
        is_alone = given is None and not _has_colon(str(name), path, document)
        return _unknown_key(str(name), _keys_at(finding["loc"], model), is_alone=is_alone)
    if finding["loc"][-1:] == ("[key]",):
        return MappingError(f"{name!r} cannot be a key here", code=UNKNOWN_KEY, fix="write another one")
    match kind:
        case "missing":
            return MappingError(f"{finding['loc'][-1]} is missing", fix=f"add {finding['loc'][-1]}")
        case "string_pattern_mismatch":
            return _wrong_form(name, given, context["pattern"])
        case "model_type" | "model_attributes_type" | "dict_type":
            return MappingError(f"{name} must be an object (keys and values)")
        case "string_type":
            return MappingError(f"{name} must be text", fix=_as_text(given, path, document))
        case "literal_error":
            fix = did_you_mean(given, _words_of(context["expected"])) if isinstance(given, str) else None
            fix = fix if fix is not None and fix.startswith("did") else None
            return MappingError(f"{name} must be {context['expected']}", fix=fix)
        case "value_error":
            message, between, fix = str(context["error"]).partition("; ")
            return MappingError(f"{name}: {message}", fix=fix if between else None)
        case "too_short":
            least = context["min_length"]
            return MappingError(f"{name} needs at least {least} {'item' if least == 1 else 'items'}")
    if kind in _SAID:
        return MappingError(f"{name} {_SAID[kind]}")
    message = finding["msg"].replace("Input should be", "must be")
    return MappingError(f"{name} {message[:1].lower()}{message[1:]}")


def _has_colon(name: str, path: tuple[int | str, ...], document: YamlDocument) -> bool:
    line, marked = document.excerpt(path, key=True).split("\n")
    return line[len(marked) - 1 :].strip("'\"").removeprefix(name).lstrip("'\" ").startswith(":")


def _unknown_key(name: str, known: list[str], *, is_alone: bool) -> MappingError:
    first = re.split(r"[\s:]", name, maxsplit=1)[0]
    if first != name and first in known:
        # What follows is a value, so it is not repeated: in a directory it is a name.
        message = f"no colon and space follow {first}"
        return MappingError(message, code=UNKNOWN_KEY, fix=f"write `{first}: ` before its value")
    if is_alone:
        fix = "put quotes around a text that holds a comma"
        return MappingError("what follows this comma is no key", code=UNKNOWN_KEY, fix=fix)
    return MappingError(f"{name} is not known here", code=UNKNOWN_KEY, fix=did_you_mean(name, known))


_SAID = {
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "string_too_short": "is empty",
}
"""What is said of a value, by pydantic's name of the mistake."""
_COUNTED = {"[A-Z]": "capital Latin letters", r"\d": "digits"}


def _wrong_form(name: str, given: Any, pattern: str) -> MappingError:
    if pattern in (_NAME, _CODE):
        return MappingError(f"{name} is no name", fix="begin with a letter; use the letters a-z, digits, - and _")
    parts = re.findall(r"(\[A-Z\]|\\d)\{(\d+)\}", pattern)
    is_counted = pattern == f"^{''.join(f'{one}{{{number}}}' for one, number in parts)}$"
    wanted = " and ".join(f"{number} {_COUNTED[one]}" for one, number in parts)
    fix = told(given) if isinstance(given, str) else None
    return MappingError(f"{name} must be {wanted if is_counted else f'of the form {pattern}'}", fix=fix)


def _as_text(given: Any, path: tuple[int | str, ...], document: YamlDocument) -> str:
    match given:
        case None if "#" in document.excerpt(path).split("\n")[0]:
            return "write it in quotes: what follows # is a comment"
        case None:
            return "write it"
        case list() | dict():
            return "write one text"
        case _:
            return "put quotes around it"


def _words_of(expected: str) -> list[str]:
    return re.findall(r"'([^']*)'", expected)


_INNER: dict[str, type[BaseModel]] = {"resources": ResourceSpec, "refuse": RefusalSpec}


def _keys_at(path: tuple[int | str, ...], model: type[BaseModel]) -> list[str]:
    inner = _INNER.get(str(path[0])) if len(path) > 2 else None
    if inner is None:
        return known_fields(model, path[:-1])
    return [field.alias or name for name, field in inner.model_fields.items()]
