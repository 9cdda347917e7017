"""What the files of a pack look like, and what is said when one does not."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from hm_fhir.errors import MappingError, did_you_mean, known_fields
from hm_fhir.mapping.files.problems import UNKNOWN_KEY

if TYPE_CHECKING:
    from hm_fhir.mapping.files.yaml_file import YamlDocument
    from hm_fhir.mapping.template.blocks import Report

Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]*$")]
Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$")]
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
            _report(finding, model, report)
    return None


def _report(finding: Any, model: type[BaseModel], report: Report) -> None:
    path = tuple(finding["loc"])
    name = next((step for step in reversed(path) if isinstance(step, str)), "the file")
    kind = finding["type"]
    if kind == "missing":
        return report(path[:-1], MappingError(f"{name} is missing", fix=f"add {name}"))
    if kind == "extra_forbidden":
        known = _keys_at(path, model)
        fix = did_you_mean(str(name), known)
        return report(path, MappingError(f"{name} is not known here", code=UNKNOWN_KEY, fix=fix))
    if kind == "string_pattern_mismatch":
        return report(
            path, MappingError(f"{name} is no name", fix="begin with a letter; use the letters a-z, digits, - and _")
        )
    if kind in ("model_type", "dict_type"):
        return report(path, MappingError(f"{name} must be an object (keys and values)"))
    if kind == "string_type":
        fix = "put quotes around it" if isinstance(finding["input"], int | Decimal) else None
        return report(path, MappingError(f"{name} must be text", fix=fix or "see the mapping language"))
    message = finding["msg"].replace("Input should be", "must be")
    return report(path, MappingError(f"{name} {message[:1].lower()}{message[1:]}"))


_INNER: dict[str, type[BaseModel]] = {"resources": ResourceSpec, "refuse": RefusalSpec}


def _keys_at(path: tuple[int | str, ...], model: type[BaseModel]) -> list[str]:
    inner = _INNER.get(str(path[0])) if len(path) > 2 else None
    if inner is None:
        return known_fields(model, path[:-1])
    return [field.alias or name for name, field in inner.model_fields.items()]
