"""Record -> activity: the compiled fields at work, for one deployment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from hm_fhir.activities.model import Activity, rejected
from hm_fhir.activities.people import LATEST_YEAR
from hm_fhir.errors import RecordRejected
from hm_fhir.fhirpath import FAILURES, Scope
from hm_fhir.mapping.template.template import Template
from hm_fhir.mapping.template.tree import Assign, ObjectNode
from hm_fhir.sources.base import Record, Understood
from hm_fhir.sources.fields.entries import Entry
from hm_fhir.sources.fields.faults import joined
from hm_fhir.sources.fields.origins import Origins
from hm_fhir.sources.fields.reading import Surroundings, record_reader
from hm_fhir.sources.fields.template import UPDATED_AT

if TYPE_CHECKING:
    from hm_fhir.mapping.template.tree import Node
    from hm_fhir.sources.base import SourceContext
    from hm_fhir.sources.directory import Directory
    from hm_fhir.sources.fields.loading import Fields


_LATEST: Final = datetime(LATEST_YEAR, 1, 1, tzinfo=UTC)
_NUMBERS: Final = "identifiers"


class Program:
    """Makes activities of records.

    Args:
        fields: what the records mean.
        directory: of the municipality; None: the fields need none.
        context: the deployment.

    Attributes:
        reader: reads the typed values of a record.
    """

    def __init__(self, fields: Fields, directory: Directory | None, context: SourceContext) -> None:
        self._fields = fields
        self._templates = fields.templates
        self._system = context.system
        self._zone = context.zone
        self._municipality = directory.municipality if directory is not None else None
        self.reader = record_reader(fields.declared, Surroundings(context.zone, directory))
        self._careful = record_reader(fields.declared, Surroundings(context.zone, directory, proved=True))
        self._origins = Origins(fields.templates, fields.declared, Path(fields.document.name).name)
        self._given = {
            "system": context.system,
            "municipality": Entry(self._municipality) if self._municipality is not None else None,
        }
        self._local_id = _member(fields.templates.activity, "local_id")

    def understood(self, record: Record) -> Understood:
        """Return what a record tells.

        Raises:
            RecordRejected: it tells of no activity; everything that is wrong with its columns is said.
        """
        repairs: list[str] = []
        try:
            root = self.reader.read(record.values, repairs)
            made = self._rendered(root)
        except RecordRejected as error:
            raise self._at(record, [error, *self._careful.faults(record.values)]) from None
        made.setdefault("system", self._system)
        made.setdefault("municipality", self._municipality)
        _known_again(made)
        try:
            activity = self._untimed(made) if self._is_untimed(made) else Activity.model_validate(made)
            return Understood(activity, tuple(repairs), self._fields.last_read_counts)
        except ValidationError as error:
            failure = error
        raise self._at(record, self._faults(record, failure))

    def _is_untimed(self, made: dict[str, Any]) -> bool:
        return self._fields.last_read_counts and UPDATED_AT not in made

    def _untimed(self, made: dict[str, Any]) -> Activity:
        """Return the activity of a record without a time of change: it was not written before what it tells of."""
        told_until = Activity.model_validate({**made, UPDATED_AT: _LATEST}).told_until(self._zone)
        return Activity.model_validate({**made, UPDATED_AT: told_until})

    def typed(self, record: Record) -> dict[str, Any]:
        """Return the typed values of a record, without those that are empty.

        Raises:
            RecordRejected: one cannot be read.
        """
        try:
            return self._careful.read(record.values, [])
        except RecordRejected as error:
            raise self._at(record, [error, *self._careful.faults(record.values)]) from None

    def _faults(self, record: Record, failure: ValidationError) -> Iterator[RecordRejected]:
        """Yield why the activity model refuses what a record makes: first what its columns say by themselves."""
        wrong = list(self._careful.faults(record.values))
        yield from wrong
        told, named = rejected(failure), _NUMBERS if wrong else None
        if named:  # with their columns, so what is wrong with a number is not told again by its path
            told.message = "; ".join(said for said in told.message.split("; ") if f".{named}." not in said)
        if not told.message:
            return
        values = self.reader.columns.values(record.values)
        self._origins.name_columns(told, failure, values, but=named)
        yield told

    def _at(self, record: Record, faults: Iterable[RecordRejected]) -> RecordRejected:
        told = joined(faults)
        told.place = record.place
        return told

    def _rendered(self, root: dict[str, Any]) -> dict[str, Any]:
        variables = {"context": root, **self._given}
        scope = Scope(root, variables)
        for variable in self._templates.assign:
            value = _render(variable.template, scope, f"%{variable.name}")
            variables[variable.name] = value
        for refusal in self._templates.refuse:
            if refusal.when.true(scope):
                raise RecordRejected(refusal.say, code=refusal.code)
        made = _render(self._templates.activity, scope, "activity")
        return dict(made) if isinstance(made, Mapping) else {}

    def local_id(self, record: Record) -> str | None:
        """Return the local id of a record that may be wrong in other columns, or None: it is not to be read."""
        if self._local_id is None:
            return None
        try:
            root, _ = self.reader.read_what_can_be_read(record.values)
            variables = {"context": root, **self._given}
            scope = Scope(root, variables)
            for variable in self._templates.assign:
                variables[variable.name] = _or_nothing(variable.template, scope)
            found = _or_nothing(self._local_id, scope)
        except FAILURES:
            return None
        return found if isinstance(found, str) else None


def _known_again(made: dict[str, Any]) -> None:
    """Put entries of the directory in the place of what they look like, where most of them stand."""
    for name in ("mediator", "facility"):
        value = made.get(name)
        if value.__class__ is Entry:
            made[name] = value.model
    referral = made.get("referral")
    if referral.__class__ is dict and (place := referral.get("facility")).__class__ is Entry:
        referral["facility"] = place.model


def _render(template: Template, scope: Scope, what: str) -> Any:
    try:
        return template.render_in(scope)
    except RecordRejected as error:
        where = f"{what}.{error.place}" if error.place else what
        error.message = f"{where}: {error.message}"
        raise


def _or_nothing(template: Template, scope: Scope) -> Any:
    try:
        return template.render_in(scope)
    except RecordRejected:
        return None


def _member(template: Template, name: str) -> Template | None:
    """Return the template of one member of the object that a template makes, or None: it is not to be told alone."""
    node: Node = template.tree
    if isinstance(node, Assign):
        inner = _in(node.body, name)
        return None if inner is None else Template(Assign(node.path, node.names, inner), inner.path)
    inner = _in(node, name)
    return None if inner is None else Template(inner, inner.path)


def _in(node: Node, name: str) -> Node | None:
    return dict(node.members).get(name) if isinstance(node, ObjectNode) else None
