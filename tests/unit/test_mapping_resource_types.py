"""Which types there are, and which cannot carry a surrogate identifier, as the typed models say."""

from __future__ import annotations

import pytest
from fhir.resources.R4B import get_fhir_model_class

from hm_fhir.fhir.definitions import r4
from hm_fhir.mapping.resource_types import RESOURCE_TYPES, WITHOUT_IDENTIFIER_LIST


@pytest.mark.parametrize("name", sorted(RESOURCE_TYPES))
def test_a_type_exists_and_has_a_list_of_identifiers_unless_listed(name: str) -> None:
    identifier = get_fhir_model_class(name).model_fields.get("identifier")
    is_list = identifier is not None and "List" in str(identifier.annotation)
    assert is_list == (name not in WITHOUT_IDENTIFIER_LIST)


def test_only_resource_types_are_listed() -> None:
    assert WITHOUT_IDENTIFIER_LIST < RESOURCE_TYPES
    assert len(RESOURCE_TYPES) == 128


NOT_IN_R4B = frozenset(
    {
        "EffectEvidenceSynthesis",
        "MedicinalProduct",
        "MedicinalProductAuthorization",
        "MedicinalProductContraindication",
        "MedicinalProductIndication",
        "MedicinalProductIngredient",
        "MedicinalProductInteraction",
        "MedicinalProductManufactured",
        "MedicinalProductPackaged",
        "MedicinalProductPharmaceutical",
        "MedicinalProductUndesirableEffect",
        "RiskEvidenceSynthesis",
        "SubstanceNucleicAcid",
        "SubstancePolymer",
        "SubstanceProtein",
        "SubstanceReferenceInformation",
        "SubstanceSourceMaterial",
        "SubstanceSpecification",
    }
)


def test_the_types_are_those_of_the_definitions_that_are_in_r4b_too() -> None:
    assert r4().resource_types - RESOURCE_TYPES == NOT_IN_R4B
    assert r4().resource_types >= RESOURCE_TYPES


@pytest.mark.parametrize("name", sorted(RESOURCE_TYPES))
def test_the_definitions_agree_on_who_has_a_list_of_identifiers(name: str) -> None:
    definition = r4().type(name)
    assert definition is not None
    identifier = definition.elements.get("identifier")
    is_list = identifier is not None and identifier.many and identifier.types == ("Identifier",)
    assert is_list == (name not in WITHOUT_IDENTIFIER_LIST)
