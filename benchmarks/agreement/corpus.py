"""What is mutated: generated resources of every R4 type, and the base pack's own output with its profiles."""

from __future__ import annotations

import base64
import json
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Final

from places import Json

from hm_fhir.activities.model import Activity
from hm_fhir.errors import MappingRefused
from hm_fhir.fhir.json import from_json, to_json
from hm_fhir.testing.activities import generate_activities
from hm_fhir.testing.deployment import Deployment
from hm_fhir.testing.people import Chance
from hm_fhir.testing.resources import generate_resources

ROOT: Final = Path(__file__).parents[2]
PACKAGE: Final = ROOT / "profiles" / "package"
_BASE: Final = "https://fhir.example.org/base"
_ACTIVITIES_PER_RESOURCE: Final = 2
_BUNDLE_SHARE: Final = 0.08
_KEY: Final = bytes(range(32))


def base_pack(seed: int, count: int) -> list[Json]:
    """Return resources that the base pack makes of generated activities: all its profiles alike, and some Bundles.

    Args:
        seed: another seed, other activities.
        count: how many resources.
    """
    chance = Chance(seed)
    groups: dict[str, dict[bytes, Json]] = defaultdict(dict)
    bundles: list[Json] = []
    with tempfile.TemporaryDirectory() as folder:
        deployment = Deployment(Path(folder)).write()
        (Path(folder) / "keys" / "identity.key").write_text(base64.b64encode(_KEY).decode())
        with deployment.app() as app:
            for data in generate_activities(seed, max(100, count // _ACTIVITIES_PER_RESOURCE)):
                activity = Activity.model_validate(data)
                try:
                    result = app.case_mapper.map(activity.for_mapping())
                except MappingRefused:
                    continue
                if result is None:
                    continue
                contents = [resource.content for resource in result.resources]
                bundles.append(_transaction(contents))
                for content in contents:
                    claimed = content.get("meta", {}).get("profile", [content["resourceType"]])
                    groups[claimed[0]][to_json(content)] = content
    wanted = int(count * _BUNDLE_SHARE)
    found = [chance.pick(bundles) for _ in range(wanted)]
    names = sorted(groups)
    listed = {name: list(group.values()) for name, group in groups.items()}
    found += [chance.pick(listed[names[number % len(names)]]) for number in range(count - wanted)]
    return [from_json(to_json(one)) for one in found]


def examples(folder: Path) -> list[Json]:
    """Return the example resources of a package."""
    files = sorted((folder / "example").glob("[!.]*.json"))
    return [json.loads(file.read_text()) for file in files]


def any_type(seed: int, count: int) -> list[Json]:
    """Return generated resources of all types of R4."""
    return [from_json(to_json(one)) for one in generate_resources(seed, count)]


def _transaction(contents: list[Json]) -> Json:
    entries = []
    for content in contents:
        url = f"{content['resourceType']}/{content['id']}"
        entries.append({"fullUrl": f"{_BASE}/{url}", "resource": content, "request": {"method": "PUT", "url": url}})
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}
