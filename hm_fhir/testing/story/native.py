"""Writes activities down as the local system of a municipality does: the inverse of its fields file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from hm_fhir.activities.model import Activity
from hm_fhir.errors import MappingError, SettingsError
from hm_fhir.fhirpath import Expression, Scope
from hm_fhir.mapping.files.problems import Problems
from hm_fhir.mapping.files.yaml_file import YamlDocument
from hm_fhir.mapping.setting import activity_setting
from hm_fhir.mapping.template.template import Template, compile_template
from hm_fhir.testing.story.sample_file import SampleSpec
from hm_fhir.testing.story.words import FUNCTIONS, Words

_DERIVED = ("key", "replaced")
_GIVEN = frozenset({"activities", "item", "activity", "context"})


@dataclass(frozen=True, slots=True)
class Native:
    """The templates of a sample file, compiled.

    Args:
        words: what its functions know.
        template: gives the document.
        document: gives the key of the document.
        derives: what the form cannot tell apart, by path.
    """

    words: Words
    template: Template = field(repr=False)
    document: Expression = field(repr=False)
    derives: Mapping[str, Template] = field(repr=False)

    def key(self, data: Mapping[str, Any]) -> str:
        """Return the key of the document of an activity.

        Args:
            data: the activity, as `Activity.for_mapping` gives it.

        Raises:
            SettingsError: it has none.
        """
        found = self.document.values(self._scope(data))
        if len(found) != 1 or not isinstance(found[0], str):
            raise SettingsError("`document` of sample.yaml gives no text", fix="write a path such as local_id")
        return found[0]

    def write(self, data: Mapping[str, Any], activities: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
        """Return the document of activities.

        Args:
            data: the first, as `Activity.for_mapping` gives it.
            activities: all of the document; that one when empty.
        """
        variables = {"activities": list(activities) or [data], "activity": data, "context": data}
        rendered = self.template.render_in(Scope(data, variables, self._words(data)))
        if not isinstance(rendered, dict):
            raise SettingsError("`native` of sample.yaml gives no object for an activity")
        return rendered

    def derived(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Return the data of an activity with what the form cannot tell apart.

        Args:
            data: checked data of the activity; the templates see it as the mapping does, with %item the object that
                holds the field.
        """
        if not self.derives:
            return dict(data)
        seen = Activity.model_validate(data).for_mapping()
        found: dict[str, Any] = _copied(data)
        for path, template in self.derives.items():
            *steps, last = path.split(".")
            for holder in _holders(found, steps):
                variables = {"activity": seen, "context": seen, "item": holder}
                value = template.render_in(Scope(seen, variables, self._words(seen)))
                if value is None:
                    holder.pop(last, None)
                else:
                    holder[last] = _without_keys(value)
        return found

    def _scope(self, data: Mapping[str, Any]) -> Scope:
        return Scope(data, {"activity": data, "context": data}, self._words(data))

    def _words(self, data: Mapping[str, Any]) -> Words:
        return replace(self.words, activity=str(data["local_id"]))


def compile_native(spec: SampleSpec, document: YamlDocument, words: Words) -> Native:
    """Return the templates of a sample file.

    Raises:
        MappingErrors: all mistakes in them, each with its place.
    """
    problems = Problems()
    report = problems.at(document)
    # What is told is checked data of the model, so a path that does not exist is a mistake.
    setting = activity_setting()
    template = compile_template(
        spec.native, functions=FUNCTIONS, report=report, path=("native",), bound=_GIVEN, setting=setting
    )
    derives = {
        path: compile_template(
            value, functions=FUNCTIONS, report=report, path=("derives", path), bound=_GIVEN, setting=setting
        )
        for path, value in spec.derives.items()
    }
    key: Expression | None = None
    try:
        key = setting.compile(spec.document, FUNCTIONS)
    except MappingError as error:
        report(("document",), error)
    for one in (template, *derives.values()):
        for use in one.uses:
            for table, missing in _missing_tables(use.expression, words):
                report(use.path, use.mistake(missing.message, f"word({table!r}", fix=missing.fix))
            for name in sorted(use.free_variables - _GIVEN):
                report(
                    use.path,
                    use.mistake(f"%{name} is not defined", f"%{name}", fix="use %activity, %activities or %item"),
                )
    for _, missing in _missing_tables(key, words) if key is not None else ():
        report(("document",), missing)
    problems.raise_all()
    assert key is not None  # noqa: S101 - for the type checker; otherwise there were mistakes
    return Native(words, template, key, derives)


def _missing_tables(expression: Expression, words: Words) -> Iterator[tuple[str, MappingError]]:
    """Yield the code tables that an expression names and nobody has, each with what is wrong."""
    for call in expression.calls:
        table = call.arguments[0] if call.name == "word" else None
        if isinstance(table, str) and (missing := words.no_table(table)):
            yield table, missing


def _holders(data: dict[str, Any], steps: Sequence[str]) -> list[dict[str, Any]]:
    found: list[Any] = [data]
    for step in steps:
        found = [
            one
            for holder in found
            if isinstance(holder.get(step), dict | list)
            for one in (holder[step] if isinstance(holder[step], list) else [holder[step]])
        ]
    return found


def _without_keys(value: Any) -> Any:
    """Return a value without what `Activity.for_mapping` adds to it."""
    if isinstance(value, Mapping):
        return {name: _without_keys(one) for name, one in value.items() if name not in _DERIVED}
    return [_without_keys(one) for one in value] if isinstance(value, list) else value


def _copied(data: Any) -> Any:
    if isinstance(data, Mapping):
        return {name: _copied(value) for name, value in data.items()}
    return [_copied(one) for one in data] if isinstance(data, list | tuple) else data
