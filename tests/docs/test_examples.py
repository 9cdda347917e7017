"""Every example of the README and of docs/ runs, page by page, as a reader would run it.

The examples of a page run in their order in one empty folder, with a FHIR server on this machine whose address comes
from the environment (``HM_FHIR_TARGETS__NATIONAL__URL``). HTML comments, which a reader does not see, say more:

    <!-- file: NAME -->            the next block is the content of a file
    <!-- run as: COMMAND -->       the next block needs a network; COMMAND does the same without it
    <!-- not run: WHY -->          the next block cannot be run here
    <!-- server: refuses TYPE/* -->  and ``recovers``: what the server does from here on; ``leaves``: its address is
                                   in the environment no more

What a ``console`` block shows below a command is compared with what the command prints (``...`` stands for anything);
a command may fail only when the next one is ``echo $?``.
"""

from __future__ import annotations

import doctest
import json
import os
import re
import subprocess
import sys
import sysconfig
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests

from hm_fhir import builtin
from hm_fhir.activities.identity import Identity
from hm_fhir.activities.model import Activity
from hm_fhir.config import load_settings
from hm_fhir.mapping.cases import load_cases, run_case
from hm_fhir.mapping.conceptmap import read_code_systems
from hm_fhir.mapping.engine import Mapper
from hm_fhir.mapping.files.yaml_file import read_yaml
from hm_fhir.mapping.files.yaml_text import to_yaml
from hm_fhir.mapping.functions import FUNCTIONS
from hm_fhir.mapping.loader import load_pack
from hm_fhir.mapping.template.template import compile_template
from hm_fhir.sources.fields.loading import load_fields
from hm_fhir.testing import Fault, FhirServer

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
MOST_NOT_RUN = 11
TIMEOUT_SECONDS = 300

_DIRECTIVE = re.compile(r"<!-- (file|run as|not run|server): (.+?) -->")
_FENCE = re.compile(r"```(\S*)$")
_DONE = "<<done %d>>"


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block, or a server directive (language ``server``)."""

    place: str
    language: str
    text: str
    told: dict[str, str] = field(default_factory=dict)


def blocks_of(page: Path) -> Iterator[Block]:
    told: dict[str, str] = {}
    lines = enumerate(page.read_text(encoding="utf-8").splitlines(), 1)
    for number, line in lines:
        place = f"{page.relative_to(ROOT)}:{number}"
        if found := _DIRECTIVE.fullmatch(line):
            if found[1] == "server":
                yield Block(place, "server", found[2])
            else:
                told[found[1]] = found[2]
        elif fence := _FENCE.match(line):
            text = []
            for _, inner in lines:
                if inner == "```":
                    break
                text.append(inner)
            yield Block(place, fence[1], "\n".join(text) + "\n", told)
            told = {}
        elif line.strip():
            assert not told, f"{place}: a comment on a block stands directly before it"
            assert not line.lstrip().startswith("```"), f"{place}: blocks begin in the first column"


@dataclass(slots=True)
class Reader:
    """Somebody who types in what a page says."""

    folder: Path
    server: FhirServer
    has_server: bool = True

    @property
    def environment(self) -> dict[str, str]:
        address = {"HM_FHIR_TARGETS__NATIONAL__URL": self.server.url} if self.has_server else {}
        return {
            **os.environ,
            **address,
            "PATH": f"{sysconfig.get_path('scripts')}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(self.folder / "site"),
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def follow(self, block: Block) -> None:
        if block.language == "server":
            self.tell_server(block)
        elif "not run" not in block.told:
            if "file" in block.told:
                path = self.folder / block.told["file"]
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(block.text, encoding="utf-8")
            KINDS[block.language](self, block)

    def tell_server(self, block: Block) -> None:
        what, _, pattern = block.text.partition(" ")
        assert what in ("refuses", "recovers", "leaves"), block.place
        self.has_server = what != "leaves"
        self.server.faults.clear()
        if what == "refuses":
            self.server.faults.add(Fault(refuse=pattern, status=422))

    def run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=TIMEOUT_SECONDS,
            check=False,
        )

    def python(self, block: Block) -> None:
        if "file" in block.told:
            compile(block.text, block.place, "exec")
            return
        done = self.run([sys.executable, "-W", "error", "-c", block.text])
        assert done.returncode == 0, f"{block.place}\n{done.stdout}"

    def shell(self, block: Block) -> None:
        script = block.told.get("run as", block.text)
        done = self.run(["bash", "-e", "-c", script])
        assert done.returncode == 0, f"{block.place}\n{done.stdout}"

    def console(self, block: Block) -> None:
        if "run as" in block.told:
            self.shell(block)
            return
        steps = commands_of(block)
        script = "".join(
            f"{command}\ncode=$?; echo; echo '{_DONE % n}'$code; (exit $code)\n"
            for n, (command, _) in enumerate(steps)
        )
        rest = self.run(["bash", "-c", script]).stdout
        for number, (command, wanted) in enumerate(steps):
            output, _, rest = rest.partition("\n" + _DONE % number)
            code, _, rest = rest.partition("\n")
            told = f"{block.place}: {command}\n{output}"
            is_asked = number + 1 < len(steps) and steps[number + 1][0] == "echo $?"
            assert code == "0" or is_asked, told
            if wanted:
                check_output(wanted, output, told)

    def toml(self, block: Block) -> None:
        path = self.folder / "checked.toml"
        head = "" if "[deployment]" in block.text else '[deployment]\nname = "docs"\n'
        head += "" if "[identity]" in block.text else '[identity]\nkey = "file:keys/identity.key"\nkey_id = "key-1"\n'
        path.write_text(f"{head}\n{block.text}", encoding="utf-8")
        settings = load_settings(path)
        sources = {spec.name: spec.options for spec in builtin.hm_fhir_sources()}
        targets = {spec.name: spec.options for spec in builtin.hm_fhir_targets()}
        for chosen, known in ((settings.sources, sources), (settings.targets, targets)):
            for one in chosen.values():
                if one.kind in known:
                    known[one.kind].model_validate(one.options)

    def yaml(self, block: Block) -> None:
        value = read_yaml(block.text).value
        if "mapping" in value and "when" in value and "file" not in block.told:
            self.pack(block)
        elif "record" in value:
            self.fields(block, value)
        elif "case" in value:
            self.case(block)
        elif "file" not in block.told:
            compile_template(value, functions=FUNCTIONS)

    def pack(self, block: Block) -> None:
        """Load a mapping of its own, as a pack beside the base pack's code systems."""
        folder = self.folder / f"pack-{block.place.rpartition(':')[2]}"
        folder.mkdir()
        (folder / "pack.yaml").write_text("pack: docs\nversion: 1.0.0\n", encoding="utf-8")
        (folder / "mapping.yaml").write_text(block.text, encoding="utf-8")
        self.mapper(folder)

    def fields(self, block: Block, value: dict[str, Any]) -> None:
        """Load a fields file; what a part of one leaves out is made up."""
        activity = {
            "local_id": "{{ row_id }}",
            "updated_at": "{{ row_changed }}",
            "mediator": {"local_id": "M1", "name": {"given": ["Мария"]}},
            "type": "home-visit",
            "period": {"start": "{{ row_changed }}"},
            "setting": "home",
            "persons": [{"local_id": "1"}],
        } | value.get("activity", {})
        given = {"row_id": {"column": "Row id"}, "row_changed": {"column": "Row changed", "type": "moment"}}
        record = given | value.get("record", {})
        own = {"record": record, "activity": activity}
        whole = {"fields": "docs", "version": "1.0.0", "reads": "csv", **value, **own}
        path = self.folder / f"fields-{block.place.rpartition(':')[2]}.yaml"
        path.write_text(to_yaml(whole), encoding="utf-8")
        load_fields(path)

    def case(self, block: Block) -> None:
        """Run a case with the base pack, unless its expectation is still to be written or belongs to another pack."""
        if "file" in block.told:
            Activity.model_validate(read_yaml(block.text).value["activity"])
            return
        folder = self.folder / "cases"
        folder.mkdir(exist_ok=True)
        (folder / "case.yaml").write_text(block.text, encoding="utf-8")
        [pack] = builtin.hm_fhir_mappings()
        [case] = load_cases(folder)
        result = run_case(case, self.mapper(pack.folder))
        assert result.passed, f"{block.place}\n{result.difference}"

    @staticmethod
    def mapper(folder: Path) -> Mapper:
        [profiles] = builtin.hm_fhir_profiles()
        identity = Identity(bytes(32), key_id="docs", system="urn:docs")
        return Mapper([load_pack(folder)], identity, read_code_systems(profiles.folder))

    def json(self, block: Block) -> None:
        lines = block.text.splitlines() if block.told.get("file", "").endswith(".ndjson") else [block.text]
        for line in lines:
            value: Any = json.loads(line)
            assert isinstance(value, dict | list), block.place

    def text(self, block: Block) -> None:
        """Files and pictures that nothing can check."""

    def ini(self, block: Block) -> None:
        """Files of other programs."""
        if block.told.get("file") == "pyproject.toml":
            tomllib.loads(block.text)


KINDS: dict[str, Callable[[Reader, Block], None]] = {
    "console": Reader.console,
    "ini": Reader.ini,
    "json": Reader.json,
    "python": Reader.python,
    "sh": Reader.shell,
    "text": Reader.text,
    "toml": Reader.toml,
    "yaml": Reader.yaml,
}


def commands_of(block: Block) -> list[tuple[str, str]]:
    """Return each command with the output that is shown below it."""
    steps: list[tuple[str, str]] = []
    for line in block.text.splitlines():
        if line.startswith("$ "):
            steps.append((line.removeprefix("$ "), ""))
        else:
            assert steps, f"{block.place}: a console block begins with $"
            command, wanted = steps[-1]
            continues = line.startswith("> ") and not wanted
            steps[-1] = (f"{command}\n{line.removeprefix('> ')}", "") if continues else (command, f"{wanted}{line}\n")
    return steps


def check_output(wanted: str, got: str, told: str) -> None:
    wanted, got = ("".join(f"{line.rstrip()}\n" for line in text.strip().splitlines()) for text in (wanted, got))
    assert doctest.OutputChecker().check_output(wanted, got, doctest.ELLIPSIS), f"{told}\n--- is not\n{wanted}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_example_of_the_page_runs(page: Path, tmp_path: Path, fhir_server: FhirServer) -> None:
    reader = Reader(tmp_path, fhir_server)
    for block in blocks_of(page):
        assert block.language in {*KINDS, "server"}, f"{block.place}: say what the block is"
        reader.follow(block)


def test_few_examples_are_not_run_and_each_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    left_out = [
        f"{block.place}: {block.told['not run']}"
        for page in PAGES
        for block in blocks_of(page)
        if "not run" in block.told and block.language != "text"
    ]
    with capsys.disabled():
        sys.stdout.write("".join(f"\n  not run: {one}" for one in left_out))
    assert len(left_out) <= MOST_NOT_RUN, left_out


def test_the_server_of_the_tutorial_starts(tmp_path: Path) -> None:
    told = (ROOT / "docs" / "tutorial" / "first-steps.md").read_text(encoding="utf-8")
    [command] = re.findall(r"^python -c .*FhirServer.*$", told, re.MULTILINE)
    environment = {**os.environ, "PATH": f"{sysconfig.get_path('scripts')}{os.pathsep}{os.environ['PATH']}"}

    with subprocess.Popen(
        ["bash", "-c", command],
        cwd=tmp_path,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        url = process.stdout.read(len("http://127.0.0.1:12345")).strip()
        statement = requests.get(f"{re.match('http://[0-9.:]+', url)[0]}/fhir/metadata", timeout=10)
        process.stdin.write("\n")
        process.stdin.flush()

    assert statement.json()["fhirVersion"] == "4.0.1"
    assert process.returncode == 0


def test_the_readme_goes_from_an_activity_to_a_delivered_bundle_in_twelve_lines(
    tmp_path: Path, fhir_server: FhirServer
) -> None:
    blocks = list(blocks_of(ROOT / "README.md"))
    first = next(block for block in blocks if block.language == "python")
    reader = Reader(tmp_path, fhir_server)
    assert reader.run(["hm-fhir", "init"]).returncode == 0

    reader.python(first)

    assert len(first.text.splitlines()) <= 12
    assert first.told == {}
    [request] = [one for one in fhir_server.requests if one.method == "POST"]
    assert request.status == 200
    assert request.entries == len(fhir_server.resources) > 5
    assert "Encounter" in {key.partition("/")[0] for key in fhir_server.resources}
