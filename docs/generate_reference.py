"""Writes the generated parts of docs/reference: ``python docs/generate_reference.py``.

A page keeps what people wrote; only the text between ``<!-- generated: NAME -->`` and ``<!-- end -->`` is replaced.
A test compares the pages with what this script would write.
"""

from __future__ import annotations

import re
import runpy
import sys
from collections.abc import Callable, Iterator, Sequence
from inspect import getdoc
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

import click
from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from hm_fhir import builtin, config, errors
from hm_fhir.activities import catalogue, findings, model, papers, people, vocabulary
from hm_fhir.cli.main import cli
from hm_fhir.http import auth
from hm_fhir.mapping.fragment import GIVEN_VARIABLES, Fragment, ResourceRule
from hm_fhir.mapping.loader import load_pack
from hm_fhir.mapping.template.tree import Constant, walk
from hm_fhir.sources import directory, odk, rest, rest_paging
from hm_fhir.validation import rules

REFERENCE = Path(__file__).parent / "reference"
BASE_PACK = Path(__file__).parents[1] / "mappings"
PROFILES = Path(__file__).parents[1] / "profiles"

MODELS: tuple[type[BaseModel], ...] = (
    model.Activity,
    model.Period,
    people.Person,
    people.PersonIdentifier,
    people.PersonName,
    people.Address,
    people.Group,
    people.Municipality,
    people.Mediator,
    people.Facility,
    findings.Findings,
    findings.Pregnancy,
    findings.Test,
    findings.ReportedCondition,
    findings.ImmunisationStatus,
    findings.Measurement,
    findings.Referral,
    findings.Appointment,
    findings.CasePlan,
    findings.PlanGoal,
    findings.PlanStep,
    papers.Consent,
    papers.Document,
)

SETTINGS: dict[str, type[BaseModel]] = {
    "[deployment]": config.Deployment,
    "[identity]": config.IdentityKey,
    "[store]": config.StoreSettings,
    "[plugins]": config.PluginSettings,
    "[identifiers]": config.Identifiers,
    "[delivery]": config.DeliverySettings,
    "[validation]": config.ValidationSettings,
    "[[validation.rules]]": config.ValidationRule,
    "[sources.NAME] of every kind": config.SourceSettings,
    **{f'[sources.NAME] with kind = "{spec.name}"': spec.options for spec in builtin.hm_fhir_sources()},
    **{f'[targets.NAME] with kind = "{spec.name}"': spec.options for spec in builtin.hm_fhir_targets()},
    'auth = {kind = "bearer", ...}': auth.BearerAuth,
    'auth = {kind = "basic", ...}': auth.BasicAuth,
    'auth = {kind = "token", ...}': auth.TokenAuth,
    'auth = {kind = "session", ...} of ODK Central': odk.SessionAuth,
    'paging = {kind = "none"}': rest_paging.NoPaging,
    'paging = {kind = "link", ...}': rest_paging.LinkPaging,
    'paging = {kind = "offset", ...}': rest_paging.OffsetPaging,
    'paging = {kind = "page", ...}': rest_paging.NumberPaging,
    'paging = {kind = "token", ...}': rest_paging.TokenPaging,
    "updated = {...}": rest.UpdatedSince,
}


_NAMED = (
    (get_args(config.Name)[1], "name (`a-z`, `0-9`, `-`)"),
    (get_args(config.Uri)[1], "URI"),
    (get_args(config.SecretReference)[1], "`env:NAME` or `file:PATH`"),
)
_SIGNS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}


def table(headings: Sequence[str], rows: Iterator[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", r"\|") for cell in line) + " |" for line in lines)


def plain(text: str | None) -> str:
    """Return a docstring or help text as one line of Markdown."""
    return re.sub(r"``(.+?)``", r"`\1`", " ".join((text or "").split()))


def type_of(annotation: Any, metadata: Sequence[Any] = ()) -> str:
    """Return what values of a field may be."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if hasattr(annotation, "__metadata__"):
        return type_of(annotation.__origin__, [*metadata, *annotation.__metadata__])
    if origin is Literal:
        return ", ".join(f"`{choice}`" for choice in arguments)
    if origin in (Union, UnionType):
        return " or ".join(dict.fromkeys(type_of(one, metadata) for one in arguments if one is not NoneType))
    if origin is tuple:
        return f"list of {type_of(arguments[0])}"
    if origin is dict:
        return f"table of {type_of(arguments[1])}"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        name = annotation.__name__
        if annotation in (*MODELS, directory.MediatorLine):
            return f"[{name}](#{name.lower()})"
        return "[table](#validationrules)" if annotation is config.ValidationRule else f"`{_kind(annotation)}`"
    return _primitive(annotation, metadata)


def _kind(record: type[BaseModel]) -> str:
    """Return how settings say that a table is of this kind."""
    if "kind" not in record.model_fields:
        return "{...}"
    return f'{{kind = "{get_args(record.model_fields["kind"].annotation)[0]}", ...}}'


def _primitive(annotation: Any, metadata: Sequence[Any]) -> str:
    for one in metadata:
        words = getattr(getattr(one, "func", None), "__self__", None)
        if isinstance(words, vocabulary.Vocabulary):
            return f"[{words.name}](#{words.name})"
    known = {
        "str": "text",
        "int": "whole number",
        "float": "number",
        "Decimal": "decimal",
        "bool": "true or false",
        "date": "date",
        "datetime": "date-time",
        "AwareDatetime": "date-time with zone",
        "Path": "path",
    }
    name = getattr(annotation, "__name__", str(annotation))
    pattern = next((one.pattern for one in metadata if getattr(one, "pattern", None)), None)
    for rule, words in _NAMED:
        if rule in metadata:
            return words
    limits = [_limit(one) for one in metadata if isinstance(one, Ge | Gt | Le | Lt)]
    return ", ".join([known.get(name, name), *limits, *([f"`{pattern}`"] if pattern else [])])


def _limit(limit: Ge | Gt | Le | Lt) -> str:
    name = type(limit).__name__.lower()
    return f"{_SIGNS[name]} {getattr(limit, name):,}"


def default_of(field: FieldInfo) -> str:
    """Return the default of a field."""
    if field.is_required():
        return "**required**"
    value = field.get_default(call_default_factory=True)
    if value is None or value == () or isinstance(value, BaseModel):
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value}`"


def fields(record: type[BaseModel]) -> str:
    """Return the fields of a model as a table."""
    rows = (
        (f"`{name}`", type_of(field.annotation, field.metadata), default_of(field), plain(field.description))
        for name, field in record.model_fields.items()
    )
    return table(("field", "type", "default", "what it is"), rows)


def activity_fields() -> str:
    """Return one section for each part of an activity."""
    sections = (f"### {one.__name__}\n\n{plain(_first(one))}\n\n{fields(one)}" for one in MODELS)
    return "\n\n".join(sections)


def activity_types() -> str:
    """Return the catalogue, and which types the base pack maps."""
    mapped = {mapping.name for mapping in load_pack(BASE_PACK).mappings}
    rows = (
        (
            f"`{kind.code}`",
            kind.en,
            kind.bg,
            kind.about,
            kind.encounter_class or "by setting",
            " ".join(kind.sensitivity),
            "yes" if kind.code in mapped else "",
        )
        for kind in catalogue.CATALOGUE
    )
    headings = ("type", "English", "Bulgarian", "about", "encounter class", "sensitivity", "mapped")
    return table(headings, rows)


def words() -> str:
    """Return one section for each vocabulary."""
    sections = []
    for one in vocabulary.VOCABULARIES:
        rows = ((f"`{term.code}`", term.en, term.bg, " ".join(term.sensitivity)) for term in one.terms.values())
        sections.append(f"### {one.name}\n\n{table(('code', 'English', 'Bulgarian', 'sensitivity'), rows)}")
    return "\n\n".join(sections)


def settings() -> str:
    """Return one section for each table of the settings."""
    return "\n\n".join(f"### {name}\n\n{plain(_first(one))}\n\n{fields(one)}" for name, one in SETTINGS.items())


def directory_fields() -> str:
    """Return the parts of a directory file."""
    line = directory.MediatorLine
    return f"{fields(directory.DirectoryFile)}\n\n### {line.__name__}\n\n{plain(_first(line))}\n\n{fields(line)}"


def commands() -> str:
    """Return one section for each command."""
    context = click.Context(cli, info_name="hm-fhir")
    return "\n\n".join(_commands(cli, context))


def _commands(command: click.Command, context: click.Context) -> Iterator[str]:
    yield _command(command, context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None:
                yield from _commands(inner, click.Context(inner, info_name=name, parent=context))


def _command(command: click.Command, context: click.Context) -> str:
    usage = " ".join(command.get_usage(context).removeprefix("Usage: ").split())
    rows = (
        ("`" + "`, `".join([*option.opts, *option.secondary_opts]) + "`", *record)
        for option in command.get_params(context)
        if isinstance(option, click.Option) and (record := _option(option))
    )
    paragraphs = [plain(part) for part in (command.help or "").split("\n\n")]
    return "\n\n".join(
        [f"## {context.command_path}", f"`{usage}`", *paragraphs, table(("option", "what it does"), rows)]
    )


def _option(option: click.Option) -> tuple[str]:
    text = plain(option.help)
    if isinstance(option.type, click.Choice):
        text += " One of " + ", ".join(f"`{choice}`" for choice in option.type.choices) + "."
    if option.show_default:
        text += f" Default: `{option.default}`."
    if option.envvar:
        text += f" Environment: `{option.envvar}`."
    return (text,)


def base_pack() -> str:
    """Return one section for each part of the base pack."""
    parts = {
        one.document.value["part"]: one for one in load_pack(BASE_PACK).fragments if "part" in one.document.value
    }
    given = {variable.name: name for name, one in parts.items() for variable in one.assign}
    makers = {rule.name: name for name, one in parts.items() for rule in one.resources}
    return "\n\n".join(_part(name, one, given, makers) for name, one in sorted(parts.items()))


def _part(name: str, part: Fragment, given: dict[str, str], makers: dict[str, str]) -> str:
    known = set(GIVEN_VARIABLES)
    needed = {variable for variable, _ in part.undefined_in_assign(known)}
    needed |= {variable for variable, _ in part.undefined(known)}
    needs = (
        f"`%{one}` ({f'from `{given[one]}`' if one in given else '**the mapping assigns it**'})"
        for one in sorted(needed)
    )
    used = {
        call.arguments[0] for use in part.all_uses() for call in use.expression.calls if call.name == "reference"
    } - {rule.name for rule in part.resources}
    refers = (f"`{one}` ({f'`{makers[one]}`' if one in makers else 'a mapping'})" for one in sorted(used, key=str))
    lines = {
        "needs": ", ".join(needs),
        "gives": ", ".join(f"`%{one.name}`" for one in part.assign),
        "refers to": ", ".join(refers),
        "refuses": "; ".join(f"`{one.code}`: {one.say}" for one in part.refuse),
    }
    blocks = [f"### {name}", _comment(part.document.text)]
    blocks.append("\n".join(f"- {word}: {text}" for word, text in lines.items() if text))
    if part.resources:
        rows = (
            (f"`{rule.name}`", f"`{rule.type}`", _profiles(rule), _made(rule), "yes" if rule.shared else "")
            for rule in part.resources
        )
        blocks.append(table(("resource", "type", "profile", "made", "shared"), rows))
    return "\n\n".join(block for block in blocks if block)


def _profiles(rule: ResourceRule) -> str:
    """Return the profiles that are written in a rule, by the last part of their URLs."""
    nodes = walk(rule.profile.tree) if rule.profile is not None else ()
    urls = [node.value for node in nodes if isinstance(node, Constant) and isinstance(node.value, str)]
    return ", ".join(f"`{url.rpartition('/')[2]}`" for url in urls)


def _made(rule: ResourceRule) -> str:
    each = f"for each `{rule.each.text}`" if rule.each else ""
    condition = f"if `{rule.condition.text}`" if rule.condition else ""
    return " ".join(one for one in (each, condition) if one) or "always"


def _comment(text: str) -> str:
    """Return the comment at the top of a file as Markdown: what is indented in it is a list of variables."""
    lines: list[str] = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        said = line.removeprefix("#").removeprefix(" ")
        if variable := re.fullmatch(r"  (%\w+) +(.+)", said):
            if not lines[-1].startswith("- "):
                lines.append("")
            lines.append(f"- `{variable[1]}`: {variable[2]}")
        elif said.startswith("  "):
            lines[-1] += f" {said.strip()}"
        else:
            lines.append(said)
    return "\n".join(lines)


def concept_maps() -> str:
    """Return one section for each published concept map to a public code system, with the standing of its rows."""
    maps = runpy.run_path(str(PROFILES / "generate_conceptmaps.py"))["concept_maps"]()
    public = {"http://snomed.info/sct": "SNOMED CT", "http://loinc.org": "LOINC"}
    public["http://hl7.org/fhir/sid/icd-10"] = "ICD-10"
    sections = []
    for name, one in maps.items():
        rows = [
            (
                f"`{element['code']}`",
                public[group["target"]],
                f"`{target['code']}`",
                target["equivalence"],
                standing,
                how,
            )
            for group in one["group"]
            if group["target"] in public
            for element in group["element"]
            for target in element["target"]
            if "code" in target
            for standing, _, how in [target["comment"].partition(": ")]
        ]
        if rows:
            headings = ("our word", "system", "code", "equivalence", "standing", "how, and what to know")
            sections.append(f"### {name}\n\n{one['title']}.\n\n{table(headings, iter(rows))}")
    return "\n\n".join(sections)


def validation_rules() -> str:
    """Return one table for each group of rules."""
    sections = []
    for group, members in rules.GROUPS.items():
        rows = ((f"`{rule.name}`", " or ".join(rule.severities), rule.finds) for rule in members)
        sections.append(f"### {group}\n\n{table(('rule', 'severity', 'what it finds'), rows)}")
    return "\n\n".join(sections)


def error_classes() -> str:
    """Return the error tree as a table."""
    return table(("class", "is a", "code", "what happens next"), _errors(errors.HmFhirError))


def _errors(kind: type[errors.HmFhirError]) -> Iterator[Sequence[str]]:
    base = kind.__bases__[0].__name__
    yield f"`{kind.__name__}`", f"`{base}`", f"`{kind.code}`", plain(_first(kind))
    for inner in kind.__subclasses__():
        if inner.__module__ == errors.__name__:
            yield from _errors(inner)


def _first(documented: type) -> str:
    """Return the first paragraph of a docstring."""
    return (getdoc(documented) or "").split("\n\n")[0]


PARTS: dict[str, Callable[[], str]] = {
    "activity-fields": activity_fields,
    "activity-types": activity_types,
    "base-pack": base_pack,
    "commands": commands,
    "concept-maps": concept_maps,
    "directory": directory_fields,
    "errors": error_classes,
    "settings": settings,
    "validation-rules": validation_rules,
    "words": words,
}

_PART = re.compile(r"(?<=<!-- generated: )([a-z-]+)( -->\n).*?(?=<!-- end -->)", re.DOTALL)


def generated(page: str) -> str:
    """Return a page with its generated parts as they must be."""
    return _PART.sub(lambda found: f"{found[1]}{found[2]}{PARTS[found[1]]()}\n", page)


def main() -> None:
    """Rewrite the pages; with ``--check`` say which ones are out of date instead."""
    changed = []
    for path in sorted(REFERENCE.glob("*.md")):
        before = path.read_text(encoding="utf-8")
        after = generated(before)
        if before != after:
            changed.append(path.name)
            if "--check" not in sys.argv:
                path.write_text(after, encoding="utf-8")
    if changed:
        sys.stdout.write("".join(f"{name}\n" for name in changed))
    sys.exit(1 if changed and "--check" in sys.argv else 0)


if __name__ == "__main__":
    main()
