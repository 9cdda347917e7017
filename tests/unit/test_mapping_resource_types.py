"""Which types there are, and which cannot carry a surrogate identifier, as the typed models say."""

from __future__ import annotations

import pytest
from fhir.resources.R4B import get_fhir_model_class

from hm_fhir.mapping.resource_types import RESOURCE_TYPES, WITHOUT_IDENTIFIER_LIST


@pytest.mark.parametrize("name", sorted(RESOURCE_TYPES))
def test_a_type_exists_and_has_a_list_of_identifiers_unless_listed(name: str) -> None:
    identifier = get_fhir_model_class(name).model_fields.get("identifier")
    is_list = identifier is not None and "List" in str(identifier.annotation)
    assert is_list == (name not in WITHOUT_IDENTIFIER_LIST)


def test_only_resource_types_are_listed() -> None:
    assert WITHOUT_IDENTIFIER_LIST < RESOURCE_TYPES
    assert len(RESOURCE_TYPES) == 128
