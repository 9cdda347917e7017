"""Make the examples of the profiles out of the project's own mappings: what the base pack makes of its cases.

Few cases that together give every profile of the pack two examples; each with all that it makes, so that references
between examples lead to examples. Where the cases show a profile once only, generated activities add to it. All
people are invented. The key is the same everywhere, so that the ids are, too. Examples of profiles that no mapping
uses are instances in ``fsh/``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from hm_fhir.activities.identity import Identity
from hm_fhir.activities.model import Activity
from hm_fhir.config import Identifiers
from hm_fhir.errors import MappingRefused
from hm_fhir.fhir.json import to_json
from hm_fhir.mapping.cases import load_cases
from hm_fhir.mapping.conceptmap import read_code_systems
from hm_fhir.mapping.engine import Mapper
from hm_fhir.mapping.loader import load_pack
from hm_fhir.mapping.mapped import Resource
from hm_fhir.testing.activities import generate_activities

MAPPINGS = Path(__file__).parents[1] / "mappings"
SERVER = "https://fhir.example.org/r4"
TRANSACTION = "https://w3id.org/hm-fhir/StructureDefinition/hm-transaction"
OF_EACH = 2
GENERATED, SEED = 600, 5

Examples = tuple[dict[str, str], dict[str, tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class Candidate:
    """What one activity becomes.

    Attributes:
        name: of the case, or of the generated activity.
        shows: one sentence.
        resources: by ``Type/id``.
        profiles: how many resources there are of each profile.
    """

    name: str
    shows: str
    resources: dict[str, Resource]
    profiles: Counter[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "profiles", Counter(map(profile_of, self.resources.values())))


def profile_of(resource: Resource) -> str:
    """Return the profile that a resource claims, or its rule where it claims none."""
    claimed = resource.content.get("meta", {}).get("profile", [resource.name])
    return str(claimed[0])


def candidates(mapper: Mapper, *, generated: bool) -> Iterator[Candidate]:
    """Yield what the cases become, or generated activities."""
    told: Iterator[tuple[str, str, dict[str, object]]]
    if generated:
        activities = generate_activities(SEED, GENERATED)
        told = ((f"generated {one['type']} {n}", "A generated activity", one) for n, one in enumerate(activities, 1))
    else:
        cases = load_cases(MAPPINGS / "cases")
        told = ((case.name, case.spec.case, case.spec.activity) for case in cases if case.spec.refused is None)
    for name, shows, data in told:
        if data.get("status") == "entered-in-error":
            continue
        try:
            mapped = mapper.map(Activity.model_validate(data).for_mapping())
        except MappingRefused:
            continue
        # A reference to what another activity made would lead nowhere.
        if mapped is not None and not mapped.outside:
            text = f"{shows[0].upper()}{shows[1:].rstrip('.')}, as the base mapping pack maps it."
            yield Candidate(name, text, {one.key: one for one in mapped.resources})


def chosen(pool: Sequence[Candidate], more: Sequence[Candidate]) -> list[Candidate]:
    """Return few candidates that show each profile twice; those of `more` only where the pool does not.

    Each step takes the candidate that adds most of what is missing for each resource that it brings.
    """
    wanted = {profile for candidate in pool for profile in candidate.profiles}
    taken: list[Candidate] = []
    have: dict[str, set[str]] = {profile: set() for profile in wanted}
    for source in (pool, more):
        while missing := {profile for profile in wanted if len(have[profile]) < OF_EACH}:
            best = max(source, key=lambda one: _adds(one, have, missing) / len(one.resources), default=None)
            if best is None or not _adds(best, have, missing):
                break
            taken.append(best)
            for key, resource in best.resources.items():
                have.setdefault(profile_of(resource), set()).add(key)
    return taken


def _adds(candidate: Candidate, have: dict[str, set[str]], missing: set[str]) -> float:
    new = Counter(
        profile
        for key, resource in candidate.resources.items()
        for profile in [profile_of(resource)]
        if profile in missing and key not in have[profile]
    )
    return sum(min(count, OF_EACH - len(have[profile])) for profile, count in new.items())


def delivery(number: int, one: Candidate) -> dict[str, Any]:
    """Return the transaction that delivers what an activity became."""
    return {
        "resourceType": "Bundle",
        "id": f"hm-example-delivery-{number}",
        "meta": {"profile": [TRANSACTION]},
        "type": "transaction",
        "entry": [
            {
                "fullUrl": f"{SERVER}/{key}",
                "resource": resource.content,
                "request": {"method": "PUT", "url": key},
            }
            for key, resource in one.resources.items()
        ],
    }


def examples(code_systems: Path) -> Examples:
    """Return file name -> text of the examples, and reference -> name and description of each.

    Args:
        code_systems: folder of the CodeSystems of the project.
    """
    identity = Identity(bytes(32), key_id="examples", system="https://w3id.org/hm-fhir/sid/surrogate")
    mapper = Mapper([load_pack(MAPPINGS)], identity, read_code_systems(code_systems), Identifiers().by_kind())
    texts: dict[str, str] = {}
    titles: dict[str, tuple[str, str]] = {}
    taken = chosen(list(candidates(mapper, generated=False)), list(candidates(mapper, generated=True)))
    for number, one in enumerate(sorted(taken, key=lambda one: len(one.resources))[:OF_EACH], 1):
        bundle = delivery(number, one)
        texts[f"Bundle-{bundle['id']}.json"] = msgspec.json.format(to_json(bundle), indent=2).decode() + "\n"
        titles[f"Bundle/{bundle['id']}"] = (f"delivery of {one.name}", f"{one.shows[:-1]}, as it is delivered.")
    for one in taken:
        for key, resource in one.resources.items():
            name = f"{key.replace('/', '-')}.json"
            if name not in texts:
                texts[name] = msgspec.json.format(resource.text(), indent=2).decode() + "\n"
                titles[key] = (f"{resource.name} of {one.name}", one.shows)
    return dict(sorted(texts.items())), titles
