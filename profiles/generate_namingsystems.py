"""Make the naming systems of the package out of the default URIs in the settings.

No official FHIR system of a Bulgarian number was found. So the URIs are defaults that a deployment replaces by what
its receiver uses, and every naming system says so; the URI of the passport is HL7's own, and is not published again.

The elements are those of https://hl7.org/fhir/R4/namingsystem.html.
"""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import Any

from hm_fhir.config import CANONICAL, Deployment, Identifiers

CODES = ("ekatte", "occupation")
"""Kinds that stand in a Coding; the others are identifiers."""

SURROGATE = (
    "Заместващ идентификатор",
    "Surrogate identifier that hm-fhir makes of the local key, with a secret of the deployment: it says nothing of a"
    " person, and conditional requests use no other. Each deployment has a URI of its own.",
)
DATE = "2026-11-23"
RESPONSIBLE = {
    "egn": "Civil registration (GRAO), Bulgaria",
    "lnch": "Ministry of Interior, Bulgaria",
    "nhis-newborn": "National Health Information System (NHIS), Bulgaria",
    "nrn": "National Health Information System (NHIS), Bulgaria",
    "occupation": "Ministry of Labour and Social Policy, Bulgaria",
    "municipality": "National Statistical Institute, Bulgaria",
    "ekatte": "National Statistical Institute, Bulgaria",
    "facility": "The municipality that keeps the local system",
    "mediator": "The municipality that employs the mediator",
}

Json = dict[str, Any]


def naming_systems() -> list[Json]:
    """Return the naming systems."""
    generator = runpy.run_path(str(Path(__file__).parent / "generate_codesystems.py"))
    [kinds] = [one for one in generator["ALL"] if one.name == "identifier-kind"]
    found = [naming_system("surrogate", *SURROGATE, Deployment(name="default").identifier_system)]
    for kind, uri in Identifiers().by_kind().items():
        if uri.startswith(CANONICAL):
            term = kinds.terms[kind]
            found.append(naming_system(kind, term.bg, term.en, uri))
    return found


def naming_system(kind: str, bulgarian: str, english: str, uri: str) -> Json:
    """Return one naming system."""
    name = "Hm" + "".join(word.capitalize() for word in kind.split("-")) + "System"
    made: Json = {
        "resourceType": "NamingSystem",
        "id": f"hm-{kind}",
        "name": name,
        "status": "active",
        "kind": "codesystem" if kind in CODES else "identifier",
        "date": DATE,
        "publisher": "hm-fhir",
        "responsible": RESPONSIBLE.get(kind, "Whoever runs the deployment"),
        "description": f"{english} ({bulgarian}).",
        "jurisdiction": [{"coding": [{"system": "urn:iso:std:iso:3166", "code": "BG"}]}],
        "usage": "A default of hm-fhir: no official FHIR URI was found. The settings of a deployment replace it"
        " ([identifiers], or identifier_system of [deployment]) when there is one, or the receiver uses another.",
        "uniqueId": [{"type": "uri", "value": uri, "preferred": True}],
    }
    return made


def file_texts() -> dict[str, str]:
    """Return file name -> text of every naming system."""
    return {
        f"NamingSystem-{one['id']}.json": json.dumps(one, ensure_ascii=False, indent=2) + "\n"
        for one in naming_systems()
    }
