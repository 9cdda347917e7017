"""The committed FHIR package holds together: what refers to something finds it, and every profile is shown twice.

That it is what its sources give is tested where Node is (tests/integration/test_profile_package.py).
"""

from __future__ import annotations

import io
import json
import re
import tarfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from hm_fhir.cli.profiles import command
from hm_fhir.fhir.package_archive import package_archive

PACKAGE = Path(__file__).parents[2] / "profiles" / "package"
CANONICAL = "https://w3id.org/hm-fhir"


def read(folder: Path) -> dict[str, dict[str, Any]]:
    return {path.name: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("[A-Z]*.json"))}


RESOURCES = read(PACKAGE)
EXAMPLES = read(PACKAGE / "example")
BY_URL = {one["url"]: one for one in RESOURCES.values() if "url" in one}
PROFILES = {
    url: one
    for url, one in BY_URL.items()
    if one["resourceType"] == "StructureDefinition" and one["type"] != "Extension"
}
PARENTS = {one["baseDefinition"] for one in PROFILES.values()}
"""What they have in common is in profiles of their own, which nothing claims."""


def parts(value: Any) -> Iterator[Any]:
    """Yield a JSON value and everything in it."""
    yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from parts(inner)


def claimed(resource: dict[str, Any]) -> list[str]:
    return list(resource.get("meta", {}).get("profile", []))


# ---- form


@pytest.mark.parametrize("folder", [PACKAGE, PACKAGE / "example"], ids=lambda path: path.name)
def test_the_index_lists_every_file_as_it_is(folder: Path) -> None:
    index = json.loads((folder / ".index.json").read_text(encoding="utf-8"))
    resources = read(folder)

    assert {entry["filename"] for entry in index["files"]} == set(resources)
    for entry in index["files"]:
        resource = resources[entry["filename"]]
        assert {key: resource.get(key) for key in ("resourceType", "id")} == {
            key: entry[key] for key in ("resourceType", "id")
        }
        assert entry.get("url") == resource.get("url")


def test_a_file_is_named_after_its_resource() -> None:
    for name, resource in {**RESOURCES, **EXAMPLES}.items():
        assert name == f"{resource['resourceType']}-{resource['id']}.json"


def test_the_manifest_says_what_servers_ask_for() -> None:
    manifest = json.loads((PACKAGE / "package.json").read_text(encoding="utf-8"))

    # https://hl7.org/fhir/packages.html: lower case, at least one dot.
    assert re.fullmatch(r"[a-z][a-z0-9-]*(\.[a-z][a-z0-9-]*)+", manifest["name"])
    assert manifest["fhirVersions"] == ["4.0.1"]
    assert manifest["dependencies"] == {"hl7.fhir.r4.core": "4.0.1"}
    assert manifest["canonical"] == CANONICAL


def test_what_is_published_has_an_url_and_a_title_of_this_project() -> None:
    for name, resource in RESOURCES.items():
        if resource["resourceType"] not in ("NamingSystem", "ImplementationGuide"):
            assert resource["url"].startswith(f"{CANONICAL}/{resource['resourceType']}/"), name
            assert resource["id"].startswith("hm-"), name
            assert resource["title"], name
            assert resource["url"].rpartition("/")[2].removeprefix("hm-") == resource["id"].removeprefix("hm-"), name


def test_there_is_one_of_each_kind_that_a_hospital_needs() -> None:
    kinds = Counter(one["resourceType"] for one in RESOURCES.values())

    assert kinds["StructureDefinition"] >= 40
    assert kinds["PlanDefinition"] == 4
    assert kinds["CapabilityStatement"] == 2
    assert set(kinds) >= {
        "CodeSystem",
        "ConceptMap",
        "ImplementationGuide",
        "Measure",
        "NamingSystem",
        "Questionnaire",
    }


# ---- what refers to something finds it


@pytest.mark.parametrize("name", sorted(RESOURCES))
def test_every_canonical_of_this_project_is_in_the_package(name: str) -> None:
    pattern = re.compile(rf"{CANONICAL}/(?!sid/)([A-Z]\w+/[\w-]+)(\|1\.0\.0)?")
    for value in parts(RESOURCES[name]):
        if isinstance(value, str) and pattern.fullmatch(value):
            assert value.partition("|")[0] in BY_URL


@pytest.mark.parametrize("name", sorted({**RESOURCES, **EXAMPLES}))
def test_every_code_of_this_project_exists_and_has_its_display(name: str) -> None:
    for value in parts({**RESOURCES, **EXAMPLES}[name]):
        if isinstance(value, dict) and str(value.get("system", "")).startswith(f"{CANONICAL}/CodeSystem/"):
            concepts = {concept["code"]: concept for concept in BY_URL[value["system"]]["concept"]}
            assert value["code"] in concepts if "code" in value else True
            if "display" in value:
                assert value["display"] == concepts[value["code"]]["display"]


def test_the_guide_lists_everything() -> None:
    [guide] = [one for one in RESOURCES.values() if one["resourceType"] == "ImplementationGuide"]
    listed = Counter(one["reference"]["reference"] for one in guide["definition"]["resource"])

    everything = {
        f"{one['resourceType']}/{one['id']}" for one in (*RESOURCES.values(), *EXAMPLES.values()) if one is not guide
    }
    assert set(listed) == everything
    assert max(listed.values()) == 1


@pytest.mark.parametrize("name", ["hm-sender", "hm-receiver"])
def test_sender_and_receiver_speak_of_every_profile(name: str) -> None:
    statement = RESOURCES[f"CapabilityStatement-{name}.json"]
    told = {(one["type"], profile) for one in statement["rest"][0]["resource"] for profile in one["supportedProfile"]}

    assert told == {
        (one["type"], url) for url, one in PROFILES.items() if one["type"] != "Bundle" and url not in PARENTS
    }


# ---- examples


@pytest.mark.parametrize("url", sorted(PROFILES.keys() - PARENTS))
def test_a_profile_has_two_examples(url: str) -> None:
    shown = [one for one in EXAMPLES.values() if url in claimed(one)]

    assert len(shown) >= 2
    assert {one["resourceType"] for one in shown} == {PROFILES[url]["type"]}


def test_every_example_claims_a_profile_of_the_package() -> None:
    assert {name for name, one in EXAMPLES.items() if not set(claimed(one)) & PROFILES.keys()} == set()


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_a_reference_in_an_example_leads_to_an_example(name: str) -> None:
    there = {f"{one['resourceType']}/{one['id']}" for one in EXAMPLES.values()}
    for value in parts(EXAMPLES[name]):
        if isinstance(value, dict) and isinstance(value.get("reference"), str):
            assert value["reference"] in there


# ---- as a file


def test_the_archive_has_the_folders_of_a_fhir_package_and_is_always_the_same() -> None:
    content = package_archive(PACKAGE)

    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        names = archive.getnames()
        inside = {name: archive.extractfile(name).read() for name in names}  # type: ignore[union-attr]
    assert names[0] == "package/package.json"
    assert set(names) == {
        "package/" + path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*") if path.is_file()
    }
    assert inside["package/.index.json"] == (PACKAGE / ".index.json").read_bytes()
    assert package_archive(PACKAGE) == content


def test_export_writes_the_archive(tmp_path: Path) -> None:
    path = tmp_path / "out.tgz"

    done = CliRunner().invoke(command, ["export", "--output", str(path)])

    assert done.exit_code == 0
    assert path.read_bytes() == package_archive(PACKAGE)


def test_list_names_every_profile() -> None:
    shown = CliRunner().invoke(command, ["list"]).output
    listed = json.loads(CliRunner().invoke(command, ["list", "--json"]).output)

    assert {one["id"] for one in PROFILES.values()} <= set(shown.split())
    assert listed["examples"] == len(EXAMPLES)
    assert {(one["resourceType"], one["id"]) for one in listed["resources"]} == {
        (one["resourceType"], one["id"]) for one in RESOURCES.values()
    }
