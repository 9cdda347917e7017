"""The CapabilityStatement of the test server: what it does, no more."""

from __future__ import annotations

from functools import cache

from hm_fhir.testing.exchange import FHIR_JSON, Resource
from hm_fhir.testing.search_parameters import PARAMETERS

_INTERACTIONS = ("create", "read", "vread", "update", "delete", "history-instance", "search-type")


@cache
def capability_statement(url: str, *, client_ids: bool) -> Resource:
    """Return the CapabilityStatement.

    Args:
        url: base URL.
        client_ids: whether a PUT may create a resource.
    """
    types = [
        {
            "type": name,
            "interaction": [{"code": code} for code in _INTERACTIONS],
            "versioning": "versioned-update",
            "readHistory": True,
            "updateCreate": client_ids,
            "conditionalCreate": True,
            "conditionalUpdate": True,
            "conditionalDelete": "not-supported",
            "referencePolicy": ["literal", "enforced", "local"],
            "searchParam": [{"name": one.name, "type": one.kind} for one in parameters.values()],
        }
        for name, parameters in sorted(PARAMETERS.items())
    ]
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": "2026-01-01",
        "kind": "instance",
        "software": {"name": "hm_fhir.testing"},
        "implementation": {"description": "test server in memory", "url": url},
        "fhirVersion": "4.0.1",
        "format": [FHIR_JSON, "json"],
        "rest": [{"mode": "server", "resource": types, "interaction": [{"code": "transaction"}, {"code": "batch"}]}],
    }
