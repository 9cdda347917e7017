"""Cases: an activity in, resources or the code of a refusal out; data that needs no Python to read or add.

In a case the ids are names, since they depend on the deployment's key: ``Encounter/encounter`` refers to the resource
``encounter``, ``Patient/patient#1`` to the one for the second item of ``each``, ``Encounter/outside:encounter`` to
one of another activity. Ids and surrogate identifiers stay out.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hm_fhir.activities.model import Activity, rejected
from hm_fhir.errors import MappingError, RecordRejected
from hm_fhir.mapping.files.problems import Problems
from hm_fhir.mapping.files.regular_files import files_in
from hm_fhir.mapping.files.spec import read_spec
from hm_fhir.mapping.files.yaml_file import YamlDocument, read_yaml
from hm_fhir.mapping.files.yaml_text import to_yaml

if TYPE_CHECKING:
    from pathlib import Path

    from hm_fhir.mapping.engine import Mapped, Mapper
    from hm_fhir.mapping.pack import Pack

_EXPECTED = ("resources", "refused")
NO_MAPPING = "no-mapping"


class CaseSpec(BaseModel):
    """A case file."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    case: str = Field(description="what the case shows")
    activity: dict[str, Any] = Field(description="an activity, synthetic")
    refused: str | None = Field(default=None, description="code of the refusal")
    resources: dict[str, dict[str, Any]] | None = Field(default=None, description="resources by name")


@dataclass(frozen=True, slots=True)
class Case:
    """One case.

    Attributes:
        name: ``folder/file``, such as ``home-visit/usual``.
        path: of its file.
        spec: its content.
        document: its text.
    """

    name: str
    path: Path
    spec: CaseSpec
    document: YamlDocument


@dataclass(frozen=True, slots=True)
class CaseResult:
    """How a case ended.

    Attributes:
        name: of the case.
        passed: whether the result is exactly as expected.
        difference: what is not, as a unified diff; empty when passed.
    """

    name: str
    passed: bool
    difference: str


@dataclass(frozen=True, slots=True)
class _Actual:
    expected_form: dict[str, Any]
    reason: str = ""
    is_mapped: bool = True  # by a mapping, be it that the mapping refuses


def load_cases(folder: Path) -> tuple[Case, ...]:
    """Return the cases of all YAML files below a folder, in the order of their names.

    Raises:
        MappingErrors: files that are no case, folders that cannot be read.
    """
    problems = Problems()
    cases = []
    for path in files_in(folder, ".yaml", problems, below=True):
        try:
            document = read_yaml(path)
        except MappingError as error:
            problems.add(error)
            continue
        report = problems.at(document)
        spec = read_spec(CaseSpec, document, report)
        if spec is None:
            continue
        if spec.refused is not None and spec.resources is not None:
            report(("refused",), MappingError("a case has resources or refused, not both", fix="remove one"))
        cases.append(Case(path.relative_to(folder).with_suffix("").as_posix(), path, spec, document))
    problems.raise_all()
    return tuple(cases)


def run_case(case: Case, mapper: Mapper) -> CaseResult:
    """Return whether the mapper makes of a case's activity exactly what the case says.

    A case below the folder of a pack is about that pack: its mappings count even where other packs replace them.
    """
    actual = _actual(case, mapper)
    if case.spec.refused is not None:
        expected: dict[str, Any] = {"refused": case.spec.refused}
    else:
        expected = {"resources": case.spec.resources}
    before, after = (to_yaml(data, sort_keys=True) for data in (expected, actual.expected_form))
    if before == after:
        return CaseResult(case.name, passed=True, difference="")
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), "expected", "actual", lineterm="", n=5)
    difference = "\n".join((*lines, *([actual.reason] if actual.reason else [])))
    return CaseResult(case.name, passed=False, difference=difference)


def write_case(case: Case, mapper: Mapper) -> bool:
    """Replace the expectation in a case's file by what the mapper makes; the rest of the file stays as it is.

    Returns:
        Whether it was written. An activity that no mapping saw (the model refuses it, or no mapping takes it) has
        most likely a typo: what the case expects is kept, and a person has to write ``refused`` if that is meant.

    Raises:
        MappingError: the file cannot be written.
    """
    actual = _actual(case, mapper)
    if not actual.is_mapped and actual.expected_form["refused"] != case.spec.refused:
        return False
    text = case.document.text
    lines = text.splitlines(keepends=True)
    starts = sorted(
        (span.key[0], path[0]) for path, span in case.document.places.items() if len(path) == 1 and span.key
    )
    kept = "".join(lines[: starts[0][0]])
    for (start, key), (end, _) in zip(starts, [*starts[1:], (len(lines), "")], strict=True):
        if key not in _EXPECTED:
            kept += "".join(lines[start:end])
    if not kept.endswith("\n"):
        kept += "\n"
    try:
        case.path.write_text(kept + to_yaml(actual.expected_form), encoding="utf-8")
    except OSError as error:
        raise MappingError(f"the case cannot be written: {error.strerror}", place=str(case.path)) from None
    return True


def map_case(case: Case, mapper: Mapper) -> tuple[dict[str, Any], Mapped] | None:
    """Return the activity of a case and what it becomes; None when it is refused or no mapping takes it."""
    try:
        activity = Activity.model_validate(case.spec.activity).for_mapping()
        mapped = mapper.map(activity, cases_of=pack_of(case, mapper))
    except (ValidationError, RecordRejected):
        return None
    return None if mapped is None else (activity, mapped)


def _actual(case: Case, mapper: Mapper) -> _Actual:
    try:
        activity = Activity.model_validate(case.spec.activity)
        mapped = mapper.map(activity.for_mapping(), cases_of=pack_of(case, mapper))
    except ValidationError as error:
        reason = rejected(error)
        return _Actual({"refused": reason.code}, str(reason), is_mapped=False)
    except RecordRejected as error:
        return _Actual({"refused": error.code}, str(error))
    if mapped is None:
        return _Actual({"refused": NO_MAPPING}, "no mapping is for this activity", is_mapped=False)
    return _Actual({"resources": normalised(mapped, mapper.identity.system)})


def pack_of(case: Case, mapper: Mapper) -> Pack | None:
    """Return the pack below whose folder a case stands, or None."""
    path = case.path.resolve()
    return next((pack for pack in mapper.packs if path.is_relative_to(pack.folder.resolve())), None)


def normalised(mapped: Mapped, surrogate_system: str) -> dict[str, dict[str, Any]]:
    """Return the resources of a result by name, without what depends on the deployment's key.

    Args:
        mapped: a result.
        surrogate_system: system of the surrogate identifiers, which are left out.
    """
    names = {key: f"outside:{name}" for key, name in zip(mapped.outside, mapped.outside_names, strict=True)}
    labels = {}
    for resource in mapped.resources:
        label = resource.name if resource.index is None else f"{resource.name}#{resource.index}"
        labels[resource.key] = label
        names[resource.key] = label
    result = {}
    for resource in mapped.resources:
        content = _renamed({key: value for key, value in resource.content.items() if key != "id"}, names)
        if "identifier" in content and isinstance(content["identifier"], list):
            kept = [item for item in content["identifier"] if item.get("system") != surrogate_system]
            content = {**content, "identifier": kept} if kept else _without(content, "identifier")
        result[labels[resource.key]] = content
    return result


def _without(content: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in content.items() if name != key}


def _renamed(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _renamed(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [_renamed(item, names) for item in value]
    if isinstance(value, str) and value in names:
        return f"{value.split('/', 1)[0]}/{names[value]}"
    return value
