"""The invariants of FHIR R4, FHIRPath that others wrote: they compile on the types, and resources meet them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from hm_fhir.activities.identity import Identity
from hm_fhir.activities.model import Activity
from hm_fhir.config import Identifiers
from hm_fhir.errors import ExpressionError
from hm_fhir.fhir.definitions import Constraint, r4
from hm_fhir.fhirpath import Expression, Scope, compile  # noqa: A004
from hm_fhir.fhirpath.items import Typed
from hm_fhir.fhirpath.navigation import element_of, type_of
from hm_fhir.mapping.cases import load_cases
from hm_fhir.mapping.conceptmap import read_code_systems
from hm_fhir.mapping.engine import Mapper
from hm_fhir.mapping.loader import load_pack

ROOT = Path(__file__).parents[3]
OFFICIAL = Path(__file__).parent / "official"
DEFINITIONS = ROOT / "hm_fhir" / "fhir" / "r4" / "definitions.json"

DO_NOT_FIT = {
    ("cid-0", "ChargeItemDefinition"): "the rule is about `name`, which ChargeItemDefinition does not have in R4",
    (
        "ras-1",
        "decimal",
    ): "RiskAssessment.prediction.probability[x] may be a decimal; the rule is about a Range",
}
"""(key, type of the element) -> why the invariant cannot be right for this type; nothing else is refused."""

ERRATA = {
    # https://jira.hl7.org/browse/FHIR-37793: a Reference with a display only has to succeed
    "reference.startsWith('#').not() or (reference.substring(1).trace('url') in %rootResource.contained.id"
    ".trace('ids'))": "reference.exists() implies (reference.startsWith('#').not() or (reference.substring(1) in"
    " %rootResource.contained.id))",
}
"""Published expression -> as it is meant."""

# as() takes one item (FHIRPath 2.0.0, 6.3.4); the later releases of FHIR write ofType() in dom-3.
AS_OF_MANY = ("descendants().as(", "descendants().ofType(")


def constraints() -> Iterator[tuple[str, Constraint]]:
    """Yield each type and each invariant on its instances or on an element of this type, once."""
    seen: set[tuple[str, str]] = set()
    for name in sorted(json.loads(DEFINITIONS.read_text(encoding="utf-8"))["types"]):
        definition = r4().type(name)
        assert definition is not None
        places = [(name, constraint) for constraint in definition.constraints]
        for element in definition.elements.values():
            places += [(kind, constraint) for kind in element.types for constraint in element.constraints]
        for kind, constraint in places:
            if (kind, constraint.key) not in seen:
                seen.add((kind, constraint.key))
                yield kind, constraint


CONSTRAINTS = list(constraints())


def test_there_are_as_many_invariants_as_published() -> None:
    assert len({constraint.key for _, constraint in CONSTRAINTS}) == 239
    assert len(CONSTRAINTS) == 1498


def test_every_invariant_fits_the_types_or_is_an_error_of_the_specification() -> None:
    refused = {}
    for kind, constraint in CONSTRAINTS:
        assert constraint.expression is not None
        try:
            compile(constraint.expression, types=r4(), root=kind)
        except ExpressionError as error:
            refused[constraint.key, kind] = error.message
    assert refused.keys() == DO_NOT_FIT.keys(), refused


def test_every_invariant_compiles_without_types_and_without_strictness() -> None:
    for kind, constraint in CONSTRAINTS:
        assert constraint.expression is not None
        compile(constraint.expression)
        compile(constraint.expression, types=r4(), root=kind, strict=False)


# --- instances ------------------------------------------------------------------------------------------------------


@cache
def invariant(expression: str, kind: str) -> Expression:
    meant = ERRATA.get(expression, expression).replace(*AS_OF_MANY)
    return compile(meant, types=r4(), root=kind, strict=False)


def violations(item: Any, resource: Any, also: Iterable[Constraint] = ()) -> Iterator[Constraint]:
    """Yield the invariants that an element and what is below it do not meet.

    One is met when it is true: empty is not (https://github.com/FirelyTeam/firely-net-sdk/issues/1929).
    """
    definition = type_of(r4(), item)
    assert definition is not None
    root = item.value if type(item) is Typed and item.extra is None else item
    scope = Scope(root, {"resource": resource, "rootResource": resource})
    for constraint in (*definition.constraints, *also):
        assert constraint.expression is not None
        if not invariant(constraint.expression, definition.name).true(scope):
            yield constraint
    if definition.kind == "primitive":
        return
    for element in definition.elements.values():
        for child in element_of(r4(), item, element.name):
            if type_of(r4(), child) is not None:
                yield from violations(child, resource, element.constraints)


def keys_of_violations(resource: dict[str, Any]) -> set[str]:
    return {constraint.key for constraint in violations(resource, resource)}


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("appointment-examplereq", set()),
        ("codesystem-example", {"csd-1"}),  # it has the code chol-mass twice
        ("explanationofbenefit-example", {"dom-6"}),  # no narrative, which is a warning
        ("observation-example", set()),
        ("parameters-example-types", set()),
        # no narratives; the Organization has neither name nor identifier, and is referred to as "1" without a #
        ("patient-container-example", {"dom-3", "dom-6", "org-1"}),
        ("patient-example", set()),
        ("patient-example-period", {"per-1"}),  # made for this: a start without a time on the day of the end
        ("patient-name-extensions", {"dom-6"}),
        ("questionnaire-example", {"que-0"}),  # no name, which is a warning
        ("valueset-example-expansion", set()),
    ],
)
def test_the_official_examples_meet_the_invariants(name: str, keys: set[str]) -> None:
    text = (OFFICIAL / f"{name}.json").read_text(encoding="utf-8")
    assert keys_of_violations(json.loads(text, parse_float=Decimal)) == keys


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"contact": [{"gender": "male"}]}, "pat-1"),
        ({"contained": [{"resourceType": "Organization", "id": "o", "name": "x"}]}, "dom-3"),
        ({"managingOrganization": {"reference": "#nobody"}}, "ref-1"),
        (
            {"text": {"status": "generated", "div": "<div xmlns='http://www.w3.org/1999/xhtml'><script/></div>"}},
            "txt-1",
        ),
        ({"identifier": [{"period": {"start": "2020-02", "end": "2020-01"}}]}, "per-1"),
        ({"extension": [{"url": "http://x"}]}, "ext-1"),
        ({"telecom": [{"value": "1"}]}, "cpt-2"),
    ],
)
def test_a_broken_patient_breaks_its_invariant(change: dict[str, Any], key: str) -> None:
    assert key in keys_of_violations({"resourceType": "Patient", **change})


def test_a_contained_resource_that_is_referred_to_meets_the_invariants() -> None:
    contained = {"resourceType": "Organization", "id": "o", "name": "x"}
    reference = {"reference": "#o"}
    patient = {"resourceType": "Patient", "contained": [contained], "managingOrganization": reference}
    assert keys_of_violations(patient) == {"dom-6"}


def test_what_the_base_pack_makes_meets_the_invariants() -> None:
    mapper = Mapper(
        [load_pack(ROOT / "mappings")],
        Identity(
            b"an identity key for tests, 32 bytes", key_id="tests", system="https://municipality.example/fhir/id"
        ),
        read_code_systems(ROOT / "profiles" / "package"),
        Identifiers().by_kind(),
    )
    found: dict[str, set[str]] = {}
    count = 0
    for case in load_cases(ROOT / "mappings" / "cases"):
        if case.spec.refused is not None:
            continue
        mapped = mapper.map(Activity.model_validate(case.spec.activity).for_mapping())
        assert mapped is not None
        for resource in mapped.resources:
            count += 1
            errors = {one.key for one in violations(resource.content, resource.content) if one.severity == "error"}
            if errors:
                found[f"{case.name} {resource.name}"] = errors
    assert count > 50
    assert found == {}
