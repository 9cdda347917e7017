"""The mapping checker says of a mapping what validation says of what the mapping makes, for hundreds of profiles.

Each resource of the base pack is checked against each profile of its type (of FHIR R4 and of this project), most of
which it does not follow; then what generated activities give is validated against the same profiles.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hm_fhir.activities.identity import Identity
from hm_fhir.activities.model import Activity
from hm_fhir.errors import RecordRejected
from hm_fhir.mapping.checker import Finding, Profiles, check_packs
from hm_fhir.mapping.conceptmap import read_code_systems
from hm_fhir.mapping.engine import Mapper
from hm_fhir.mapping.fragment import ResourceRule
from hm_fhir.mapping.loader import load_pack
from hm_fhir.mapping.pack import CompiledMapping, Pack
from hm_fhir.mapping.template.template import Template
from hm_fhir.mapping.template.tree import Constant
from hm_fhir.testing.activities import generate_activities
from hm_fhir.validation.definitions import Definitions, load_definitions
from hm_fhir.validation.validator import Validator

ROOT = Path(__file__).parents[2]
SYSTEMS = read_code_systems(ROOT / "profiles" / "package")
KINDS = ("egn", "lnch", "nhis-newborn", "passport", "mediator", "occupation", "municipality", "facility", "ekatte")
ACTIVITIES = 120
MOST_OF_A_RULE = 40
# Which profile another resource has is not to be seen in a reference; invariants are for validation.
NOT_IN_ONE_RESOURCE = frozenset({"wrong-target-profile"})
# A ward has a type when its specialty is known: the checker does not follow the filter that finds the ward.
DEPENDS_ON_THE_ACTIVITY = {("ward", "https://w3id.org/hm-fhir/StructureDefinition/hm-place")}
Pair = tuple[str, str]
"""Name of a resource of the pack, and URL of a profile."""


@pytest.fixture(scope="module")
def definitions(tmp_path_factory: pytest.TempPathFactory) -> Definitions:
    return load_definitions(cache=tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def pack() -> Pack:
    """Return the base pack with as few of its mappings as it takes to make all of its resources."""
    whole = load_pack(ROOT / "mappings")
    chosen: list[CompiledMapping] = []
    covered: set[str] = set()
    for mapping in sorted(whole.mappings, key=lambda one: len(one.resources), reverse=True):
        names = {rule.name for rule in mapping.resources}
        if not names <= covered or mapping.name == "screening-campaign":
            chosen.append(mapping)
            covered |= names
    assert len(covered) > 30
    return replace(whole, mappings=tuple(chosen))


def profiles_by_type(definitions: Definitions) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for url in sorted(definitions.types.profiles):
        found[definitions.profile_type(url) or ""].append(url)
    return found


def claiming(pack: Pack, urls: dict[str, str]) -> Pack:
    """Return the pack with other profiles: by resource type; a type without one has none."""

    def changed(rule: ResourceRule) -> ResourceRule:
        url = urls.get(rule.type)
        path = (*rule.path, "profile")
        return replace(rule, profile=None if url is None else Template(Constant(path, url), path))

    return replace(
        pack,
        mappings=tuple(
            replace(one, resources=tuple(changed(rule) for rule in one.resources)) for one in pack.mappings
        ),
    )


def rule_of(finding: Finding, rules: dict[str, list[tuple[int, str]]]) -> str | None:
    """Return the resource in whose lines a finding is."""
    file, line, _ = finding.place.rsplit(":", 2)
    names = [name for first, name in rules.get(file, ()) if first <= int(line)]
    return names[-1] if names else None


def static_errors(pack: Pack, definitions: Definitions) -> dict[Pair, list[str]]:
    """Return the errors of the checker, by resource and profile."""
    rules: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for fragment in pack.fragments:
        for rule in fragment.resources:
            line = int(fragment.document.place(rule.path).rsplit(":", 2)[1])
            rules[fragment.document.name].append((line, rule.name))
    by_type = profiles_by_type(definitions)
    at_hand = Profiles(definitions.types, definitions.terminology)
    found: dict[Pair, list[str]] = defaultdict(list)
    for number in range(max(map(len, by_type.values()))):
        urls = {kind: some[number] for kind, some in by_type.items() if number < len(some)}
        types = {rule.name: rule.type for fragment in pack.fragments for rule in fragment.resources}
        if not any(kind in urls for kind in types.values()):
            break
        for one in check_packs([claiming(pack, urls)], code_systems=SYSTEMS, profiles=at_hand):
            name = rule_of(one, rules)
            if name is not None and one.is_error and one.code not in NOT_IN_ONE_RESOURCE and types[name] in urls:
                found[name, urls[types[name]]].append(f"{one.code}: {one.message}")
    return found


def emitted(pack: Pack) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what generated activities give, without what it claims: name of the resource, and the resource."""
    identity = Identity(bytes(32), key_id="test", system="urn:example:ids")
    mapper = Mapper([pack], identity, SYSTEMS, {kind: f"urn:example:{kind}" for kind in KINDS})
    for data in generate_activities(5, ACTIVITIES, [one.name for one in pack.mappings]):
        try:
            mapped = mapper.map(Activity.model_validate(data).for_mapping())
        except RecordRejected:
            continue
        for resource in mapped.resources if mapped is not None else ():
            meta = {key: value for key, value in resource.content["meta"].items() if key != "profile"}
            rest = {key: value for key, value in resource.content.items() if key != "meta"}
            yield resource.name, {**rest, **({"meta": meta} if meta else {})}


def test_what_the_checker_says_of_a_profile_is_what_validation_says(pack: Pack, definitions: Definitions) -> None:
    static = static_errors(pack, definitions)
    validator = Validator(definitions)
    by_type = profiles_by_type(definitions)
    resources: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for name, resource in emitted(pack):
        if len(resources[name]) < MOST_OF_A_RULE:
            resources[name].append(resource)

    agreement: Counter[tuple[bool, bool]] = Counter()
    false_alarms, missed = [], []
    for name, some in resources.items():
        for url in by_type[some[0]["resourceType"]]:
            issues = [
                {issue.rule for issue in validator.validate(one, [url]) if issue.severity in {"error", "fatal"}}
                for one in some
            ]
            said = static.get((name, url), [])
            agreement[bool(said), any(issues)] += 1
            if said and not any(issues):
                false_alarms.append((name, url, said[:3]))
            rules = set().union(*issues)
            if not said and any(not rule.startswith("hm-") for rule in rules):
                missed.append((name, url))

    assert agreement[True, True] > 400
    assert agreement[False, False] > 40
    assert false_alarms == []
    assert set(missed) <= DEPENDS_ON_THE_ACTIVITY
