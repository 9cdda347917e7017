"""What a Questionnaire asks: the kind of each question, whether it repeats, and from which code systems answers come.

Source: https://hl7.org/fhir/R4/questionnaire.html.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from hm_fhir.errors import SettingsError
from hm_fhir.fhir.json import from_json

_PACKAGE = Path(str(files("hm_fhir") / "_data" / "profiles" / "package"))
_SHIPPED = _PACKAGE / "Questionnaire-hm-visit-form.json"


@dataclass(frozen=True, slots=True)
class Question:
    """One item of the form.

    Args:
        link_id: its name in the form and in every answer to it.
        kind: Questionnaire.item.type: ``group``, ``choice``, ``date``, …
        repeats: whether it can be answered several times.
        systems: code systems of its answers; empty when they are not known.
        is_prefilled: the form answers it by itself, until somebody changes that.
    """

    link_id: str
    kind: str
    repeats: bool
    systems: frozenset[str]
    is_prefilled: bool


@dataclass(frozen=True, slots=True)
class Form:
    """A Questionnaire.

    Args:
        url: its canonical, without a version.
        version: of the form, or None.
        questions: by linkId.
    """

    url: str
    version: str | None
    questions: Mapping[str, Question]


@cache
def shipped_form() -> Form:
    """Return the form of this project, whose linkIds are paths of an activity."""
    return read_form(_SHIPPED)


def read_form(path: Path) -> Form:
    """Return the form in a file.

    Raises:
        SettingsError: it cannot be read, is no Questionnaire, or has no url.
    """
    try:
        content = from_json(path.read_bytes())
    except OSError as error:
        raise SettingsError(
            f"cannot read the form: {type(error).__name__}", place=str(path), fix="look at `form` of this source"
        ) from None
    except ValueError:
        content = None
    if not isinstance(content, dict) or content.get("resourceType") != "Questionnaire":
        raise SettingsError("the form is no Questionnaire in JSON", place=str(path), fix="name a FHIR Questionnaire")
    url = content.get("url")
    if not isinstance(url, str) or not url:
        raise SettingsError(
            "the form has no url", place=str(path), fix="answers name their form by it: give the Questionnaire one"
        )
    systems = _systems_of_value_sets(content)
    questions = {one.link_id: one for one in _questions(content, systems)}
    return Form(url, content.get("version"), questions)


def _questions(holder: Mapping[str, Any], systems: Mapping[str, frozenset[str]]) -> Iterator[Question]:
    for item in holder.get("item", ()):
        options = {one["valueCoding"].get("system") for one in item.get("answerOption", ()) if "valueCoding" in one}
        found = frozenset(options - {None}) or systems.get(_bare(item.get("answerValueSet", "")), frozenset())
        yield Question(
            link_id=str(item["linkId"]),
            kind=str(item.get("type", "group")),
            repeats=item.get("repeats") is True,
            systems=found,
            is_prefilled=bool(item.get("initial"))
            or any(one.get("initialSelected") for one in item.get("answerOption", ())),
        )
        yield from _questions(item, systems)


def _systems_of_value_sets(form: Mapping[str, Any]) -> dict[str, frozenset[str]]:
    """Return the code systems of the value sets of this project, and of those inside of the form."""
    inside = [one for one in form.get("contained", ()) if one.get("resourceType") == "ValueSet"]
    found = {f"#{one.get('id')}": _systems_of(one) for one in inside}
    wanted = {_bare(item.get("answerValueSet", "")) for item in _items(form)}
    for url in wanted - found.keys():
        path = _PACKAGE / f"ValueSet-{url.rpartition('/')[2]}.json"
        if url.startswith("https://w3id.org/hm-fhir/ValueSet/") and path.is_file():
            found[url] = _systems_of(from_json(path.read_bytes()))
    return found


def _items(holder: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for item in holder.get("item", ()):
        yield item
        yield from _items(item)


def _systems_of(value_set: Any) -> frozenset[str]:
    """Return the code systems of a value set, or nothing when it also includes other value sets."""
    includes = value_set.get("compose", {}).get("include", ())
    if any("system" not in one for one in includes):
        return frozenset()
    return frozenset(one["system"] for one in includes)


def _bare(canonical: str) -> str:
    return canonical.partition("|")[0]
