"""The reference says everything that is there, and nothing that is not."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import click
import pytest
from pydantic import BaseModel

from hm_fhir import errors, hookspecs
from hm_fhir.cli.console import Exit
from hm_fhir.cli.init import example
from hm_fhir.cli.main import cli
from hm_fhir.mapping.loader import load_pack
from hm_fhir.outbox.entry import Outcome, State
from hm_fhir.plugins import HOOKS

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
REFERENCE = DOCS / "reference"
PAGES = [ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")] + sorted(DOCS.rglob("*.md"))

_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_CODE = re.compile(r"`([^`\n]+)`")
_FENCED = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def prose_of(page: Path) -> str:
    return _FENCED.sub("", text_of(page))


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def column(page: Path, section: str, number: int = 0) -> list[str]:
    """Return the code words in one column of the first table of a section."""
    [_, part] = text_of(page).split(f"## {section}\n", 1) if section else ["", text_of(page)]
    rows = [line for line in part.split("\n## ")[0].splitlines() if line.startswith("| ")][2:]
    return [word for row in rows for word in re.findall(r"`?([\w-]+)`?", row.split(" | ")[number])]


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = spec_from_file_location("generate_reference", DOCS / "generate_reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", sorted(REFERENCE.glob("*.md")), ids=name_of)
def test_generated_parts_are_up_to_date(page: Path, generator: ModuleType) -> None:
    assert generator.generated(text_of(page)) == text_of(page), "run: python docs/generate_reference.py"


def test_every_generated_part_is_on_a_page(generator: ModuleType) -> None:
    pages = "".join(text_of(page) for page in REFERENCE.glob("*.md"))

    assert {name for name in generator.PARTS if f"<!-- generated: {name} -->" in pages} == set(generator.PARTS)


# ---- settings


_IS_SHOWN = re.compile(r"\[+[a-z.]+\]+|.* kind = \"(ndjson|fhir)\"")
_NOT_SHOWN = {("[[validation.rules]]", "profile"), ('[targets.NAME] with kind = "fhir"', "auth")}


def test_the_example_file_names_every_key_of_the_settings(generator: ModuleType) -> None:
    text = example()
    # Of the many kinds of sources the file shows one, and how any other is chosen.
    shown = {name: model for name, model in generator.SETTINGS.items() if _IS_SHOWN.fullmatch(name)}
    assert len(shown) > 8
    for section, model in shown.items():
        for key in model.model_fields:
            assert re.search(rf"\b{key} =", text) or (section, key) in _NOT_SHOWN, f"{section} {key}"


def test_the_example_file_shows_the_defaults(generator: ModuleType) -> None:
    shown = tomllib.loads(re.sub(r"^#(\w+ = )", r"\1", example(), flags=re.MULTILINE))
    targets = next(model for name, model in generator.SETTINGS.items() if 'kind = "fhir"' in name)
    parts: list[tuple[dict[str, object], type[BaseModel]]] = [(shown["targets"]["national"], targets)]
    tables = {name.strip("[]"): model for name, model in generator.SETTINGS.items() if " " not in name}
    parts += [(shown[name], model) for name, model in tables.items() if "." not in name]
    for values, model in parts:
        for key, value in values.items():
            field = model.model_fields.get(key)
            if field is not None and not field.is_required():
                default = field.get_default(call_default_factory=True)
                assert value == (
                    list(default)
                    if isinstance(default, tuple)
                    else getattr(default, "as_posix", lambda d=default: d)()
                ), key


# ---- command line


def commands(
    command: click.Command = cli, words: tuple[str, ...] = ("hm-fhir",)
) -> Iterator[tuple[str, click.Command]]:
    yield " ".join(words), command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from commands(inner, (*words, name))


@pytest.mark.parametrize(
    ("name", "command"), list(commands()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_command_and_option_is_described(name: str, command: click.Command) -> None:
    [_, section] = text_of(REFERENCE / "command-line.md").split(f"\n## {name}\n", 1)
    section = section.split("\n## ")[0]

    for parameter in command.params:
        for option in parameter.opts if isinstance(parameter, click.Option) else ():
            assert f"`{option}`" in section
            assert parameter.help or option == "--help", f"{name} {option} has no help"


@pytest.mark.parametrize("page", ["reference/command-line.md", "howto/run-from-cron-or-systemd.md"])
def test_every_exit_code_is_described(page: str) -> None:
    assert {int(word) for word in column(DOCS / page, "Exit codes")} == {code.value for code in Exit}


# ---- hooks


def test_every_hook_has_its_section_and_no_section_is_without_hook() -> None:
    assert re.findall(r"^## (hm_fhir_\w+)$", text_of(REFERENCE / "plugins.md"), re.MULTILINE) == [
        name for name in vars(hookspecs) if name.startswith("hm_fhir_")
    ]
    assert set(HOOKS) == {name for name in vars(hookspecs) if name.startswith("hm_fhir_")}


@pytest.mark.parametrize("hook", HOOKS)
def test_the_section_of_a_hook_has_its_signature_and_the_fields_of_its_record(hook: str) -> None:
    function = getattr(hookspecs, hook)
    signature = inspect.signature(function)
    [_, section] = text_of(REFERENCE / "plugins.md").split(f"\n## {hook}\n", 1)
    record = getattr(hookspecs, re.findall(r"\w+Spec", str(signature.return_annotation))[0])

    assert f"\n`{hook}{str(signature).replace(chr(39), '')}`\n" in section
    assert column(REFERENCE / "plugins.md", hook) == [field.name for field in dataclasses.fields(record)]
    assert f"| field of {record.__name__} |" in section.split("\n## ")[0]


# ---- errors and states


def error_classes(kind: type[errors.HmFhirError] = errors.HmFhirError) -> Iterator[type[errors.HmFhirError]]:
    yield kind
    for inner in kind.__subclasses__():
        if inner.__module__ == errors.__name__:
            yield from error_classes(inner)


@pytest.mark.parametrize("kind", list(error_classes()), ids=lambda kind: kind.__name__)
def test_every_error_class_is_described(kind: type[errors.HmFhirError]) -> None:
    row = f"| `{kind.__name__}` | `{kind.__bases__[0].__name__}` | `{kind.code}` | "

    assert row in text_of(REFERENCE / "errors.md")


def codes_in_the_source() -> dict[str, str]:
    """Return the fixed codes that the source gives to errors, parked and waiting entries, with the file of each."""
    found = {}
    for path in sorted((ROOT / "hm_fhir").rglob("*.py")):
        if "testing" in path.parts:
            continue
        for node in ast.walk(ast.parse(text_of(path))):
            if not isinstance(node, ast.Call):
                continue
            called = getattr(node.func, "id", getattr(node.func, "attr", ""))
            values = [keyword.value for keyword in node.keywords if keyword.arg == "code"]
            values += node.args[:1] if called in ("Later", "Closed", "Refusal") else []
            for value in values:
                if isinstance(value, ast.Constant) and isinstance(value.value, str):
                    found[value.value] = path.name
    return found


def refusals_of_the_base_pack() -> set[str]:
    return {refusal.code for mapping in load_pack(ROOT / "mappings").mappings for refusal in mapping.refuse}


def documented_codes() -> set[str]:
    states = REFERENCE / "outbox-states.md"
    sections = [
        (REFERENCE / "errors.md", name)
        for name in re.findall(r"^## (Codes .+)$", text_of(REFERENCE / "errors.md"), re.M)
    ]
    sections += [(states, name) for name in re.findall(r"^## (Why .+)$", text_of(states), re.M)]
    return {
        word
        for page, name in sections
        for word in re.findall(
            r"`([a-z0-9-]+)`",
            "".join(
                line.split(" | ")[0]
                for line in text_of(page).split(f"## {name}\n", 1)[1].split("\n## ")[0].splitlines()
                if line.startswith("| ")
            ),
        )
    }


def test_every_code_of_an_error_is_described() -> None:
    codes = {**codes_in_the_source(), **dict.fromkeys(refusals_of_the_base_pack(), "the base pack")}

    assert {code: where for code, where in codes.items() if code not in documented_codes()} == {}


def test_no_code_is_described_that_does_not_exist() -> None:
    sources = "".join(text_of(path) for path in (ROOT / "hm_fhir").rglob("*.py"))
    computed = {"unknown-mediator", "unknown-facility"}

    unknown = documented_codes() - codes_in_the_source().keys() - refusals_of_the_base_pack() - computed
    assert {code for code in unknown if f'"{code}"' not in sources and not re.fullmatch(r"http-\d+", code)} == set()


def test_every_state_and_outcome_is_described() -> None:
    page = REFERENCE / "outbox-states.md"

    assert set(re.findall(r"^\| `([a-z]+)` \| ", text_of(page).split("## Why")[0], re.M)) == set(State)
    assert set(column(page, "What an activity version is at intake")) == set(Outcome) - {Outcome.CONFLICT}


# ---- what pages mention


def anchors_of(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", prose_of(page), re.MULTILINE)
    made = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    return made | set(re.findall(r'<a id="([^"]+)">', text_of(page)))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    for link in _LINK.findall(prose_of(page)):
        where, _, anchor = link.partition("#")
        if not where.startswith(("http://", "https://")):
            path = (page.parent / where).resolve() if where else page
            assert path.exists(), link
            assert not anchor or anchor in anchors_of(path), link


def test_every_page_is_in_the_list_of_pages() -> None:
    listed = {(DOCS / link).resolve() for link in _LINK.findall(text_of(DOCS / "README.md"))}

    assert listed == {page for page in DOCS.rglob("*.md") if page.name != "README.md"}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_what_a_page_mentions_exists(page: Path) -> None:
    known = dict(commands())
    for code in _CODE.findall(prose_of(page)):
        if re.fullmatch(r"hm_fhir(\.\w+)+", code):
            assert resolves(code), code
        elif re.match(r"(hm_fhir|mappings|profiles|plugins|tests|docs|benchmarks)/[\w./]*$", code):
            assert (ROOT / code).exists(), code
        elif code.startswith("hm-fhir "):
            words = [word for word in code.split() if re.fullmatch(r"[a-z-]+", word)]
            names = [name for name in known if " ".join(words).startswith(name)]
            options = {option for parameter in known[max(names, key=len)].params for option in parameter.opts}
            used = {word for word in words if word.startswith("--")} - {"--settings", "--verbose"}
            assert len(names) > 1 or "COMMAND" in code, code
            assert used <= options, code


def test_the_folders_in_the_readme_exist() -> None:
    for line in text_of(ROOT / "README.md").split("## Where things are")[1].split("## ")[0].splitlines():
        for path in re.findall(r"^(?:\s*)((?:[\w.]+/)+(?:[\w.]+)?|\w+\.py)", line):
            assert (ROOT / path).exists(), path


def resolves(name: str) -> bool:
    module, rest = name, []
    while module:
        try:
            found: object = importlib.import_module(module)
        except ModuleNotFoundError:
            module, _, last = module.rpartition(".")
            rest.insert(0, last)
            continue
        for part in rest:
            if not hasattr(found, part):
                return False
            found = getattr(found, part)
        return True
    return False
