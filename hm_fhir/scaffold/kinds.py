"""What differs between plugins of different kinds of local systems."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class PluginKind:
    """One kind.

    Args:
        about: what is read, for people.
        record: file of ``kinds/`` with the values of a record.
        native: file of ``kinds/`` with the shape of a record of the sample.
        settings: lines of ``[sources.NAME]`` that a deployment has to fill.
        codes: ``words`` of a register that people write, ``names`` of the choices of a form, or ``codes`` of the
            catalogue itself.
        extra: extra of hm-fhir with the libraries that the reader needs.
        options: lines of the fields file that say more of how the system is read.
        sample: lines of the sample file that say more of the system that holds the sample.
        deletion: what the system does when somebody deletes; see the sample language.
        activity: file of ``common/`` with what becomes of the values.
        marks: what stands for other marks of these files.
    """

    about: str
    record: str
    native: str
    settings: str
    codes: str = "words"
    extra: str = ""
    options: str = ""
    sample: str = ""
    deletion: str = "document"
    activity: str = "activity.yaml"
    marks: Mapping[str, str] = field(default_factory=dict)


_SEVERAL = ("topics", "reasons", "barriers")
_LISTS = {"many": "true", **{name: f"\"{{[ {name}.word('{name}') ]}}\"" for name in _SEVERAL}}
_SPACED = {"many": '" "', **{name: f"\"{{{{ {name}.word('{name}').join(' ') }}}}\"" for name in _SEVERAL}}


def _table(about: str, file: str, *, extra: str = "", sheet: str = "") -> PluginKind:
    """A table that people write: Bulgarian headings and words, nothing is ever deleted but by a status."""
    return PluginKind(
        about=about,
        record="table.record.yaml",
        native="table.native.yaml",
        settings=f'path = "{file}"',
        extra=extra,
        deletion="status",
        marks={"sheet": sheet, "document": "local_id"},
    )


def _form(
    about: str,
    settings: str,
    *,
    native: str = "nested",
    several: Mapping[str, str] = _LISTS,
    group: str = ".",
    changed: str = "changed",
    column_is: str = "a path in the document",
    extra: str = "",
    options: str = "",
    sample: str = "",
    deletion: str = "document",
    **marks: str,
) -> PluginKind:
    """Answers to a form or rows of a database: names and codes instead of headings and words.

    Args:
        about: what is read.
        settings: lines of the settings.
        native: ``nested`` or ``flat``.
        several: how several codes are written.
        group: what stands between the name of a group and of a question; ``_`` without groups.
        changed: column of the time of change.
        column_is: what a column is, for people.
        extra: see `PluginKind`.
        options: see `PluginKind`.
        sample: see `PluginKind`.
        deletion: see `PluginKind`.
        marks: stand for more marks, or for others than here.
    """
    visit = "" if group == "_" else f"visit{group}"
    plain = {"text": "", "in": "  ", "native_head": "", "native_tail": "", "ignored": "[]", "changed_as": ""}
    plain["document"] = "local_id"
    return PluginKind(
        about=about,
        record="names.record.yaml",
        native=f"{native}.native.yaml",
        settings=settings,
        codes="names",
        extra=extra,
        options=options,
        sample=sample,
        deletion=deletion,
        marks={
            **plain,
            **several,
            "visit": visit,
            "person": f"person{group}",
            "changed": changed,
            "column_is": column_is,
            **marks,
        },
    )


_CHANGED = '  changed: "{{ updated_at }}"'
_TEXTS = (
    "status, mediator, kind, setting, topics, reasons, barriers, referred_to, facility, outcome, case, note, "
    "person_card, person_number_kind, person_number, person_given, person_family, person_gender, person_born, "
    "person_phone"
)
_SQL_TABLE = (
    "number: text primary key, start: text, participants: integer, updated_at: text, "
    f"{_TEXTS.replace(',', ': text,')}: text"
)
_DHIS2_ELEMENTS = (
    "[visit_number, visit_status, visit_mediator, visit_kind, visit_start, visit_setting, visit_participants,"
    " visit_topics, visit_reasons, visit_barriers, visit_referred_to, visit_facility, visit_outcome, visit_case,"
    " visit_note, person_card, person_number_kind, person_number, person_given, person_family, person_gender,"
    " person_born, person_phone]"
)
_OF_EVENT = (
    "[event, status, program, programStage, orgUnit, occurredAt, scheduledAt, completedAt, createdAt, updatedAt,"
    " followUp, deleted, enrollment, enrollmentStatus, enrolledAt, trackedEntity]"
)

KINDS: dict[str, PluginKind] = {
    "csv": _table("a CSV file with one row an activity", "register.csv"),
    "xlsx": _table(
        "an Excel workbook with one row an activity and a sheet a month",
        "register.xlsx",
        extra="xlsx",
        sheet="  sheet: \"{{ period.start.local('%m.%Y') }}\"\n",
    ),
    "json": _form(
        "a JSON file with a list of activities",
        'path = "activities.json"',
        native_tail=_CHANGED,
        deletion="status",
    ),
    "ndjson": _form(
        "an NDJSON file with one activity a line",
        'path = "activities.ndjson"',
        native_tail=_CHANGED,
        deletion="status",
    ),
    "sql": _form(
        "a table of a database with one row an activity",
        'url = "postgresql://reader@db.example.org/register"\npassword = "env:REGISTER_PASSWORD"',
        native="flat",
        several=_SPACED,
        group="_",
        changed="updated_at",
        column_is="a column of the table",
        extra="sql",
        options="# Which rows are read, and how changes are noticed; the address stands in the settings.\n"
        "options: {table: visits, key: [number], updated_at: updated_at}\n",
        sample=f"options: {{database: sqlite, tables: {{visits: {{{_SQL_TABLE}}}}}}}\n",
        deletion="status",
        native_head="  table: visits\n  row:\n",
        native_tail="    updated_at: \"{{ updated_at.utc('%Y-%m-%dT%H:%M:%S+00:00') }}\"",
        **{"in": "    "},
    ),
    "kobo": _form(
        "the submissions of a form in KoboToolbox",
        'url = "https://eu.kobotoolbox.org"\nasset = "aExampleUidOfTheForm"\n'
        'auth = {kind = "token", token = "env:KOBO_TOKEN"}',
        native="flat",
        several=_SPACED,
        group="/",
        changed="_changed",
        column_is="the name of a question, with its groups",
        deletion="status",
        text=".toString()",
    ),
    "odk": _form(
        "the submissions of a form in ODK Central",
        'url = "https://odk.example.org"\nproject = 1\nform = "visits"\n'
        'auth = {kind = "session", email = "reader@example.org", password = "env:ODK_PASSWORD"}',
        several=_SPACED,
        changed="[__system.updatedAt, __system.submissionDate]",
        column_is="the path of a question, with its groups",
        ignored='["__*", "meta*"]',
        native_head="  submission:\n",
        **{"in": "    "},
    ),
    "rest": _form(
        "a JSON API with one document an activity",
        'url = "https://register.example.org"\npath = "api/visits"\nitems = "results"\nkey = "id"\n'
        'deleted = "deleted"\nauth = {kind = "bearer", token = "env:REGISTER_TOKEN"}\n'
        'paging = {kind = "link", link = "next"}',
        changed="updatedAt",
        ignored="[id, deleted]",
        native_tail="  updatedAt: \"{{ updated_at.utc('%Y-%m-%dT%H:%M:%SZ') }}\"",
    ),
    "dhis2": _form(
        "the events of a DHIS2 program without registration",
        'url = "https://dhis2.example.org"\nprogram = "aExampleUid"\n'
        'auth = {kind = "token", token = "env:DHIS2_TOKEN"}',
        native="flat",
        several=_SPACED,
        visit="visit_",
        person="person_",
        changed="changedAt",
        column_is="the code of a data element (or attribute), or a name of the event itself",
        sample=f"options:\n  registration: false\n  elements: {_DHIS2_ELEMENTS}\n",
        ignored=_OF_EVENT,
        native_head="  event:\n"
        "    occurredAt: \"{{ period.start.local('%Y-%m-%dT%H:%M:%S.000') }}\"\n    dataValues:\n",
        text=".toString()",
        document="local_id.uid()",
        **{"in": "      "},
    ),
    "cht": _form(
        "the reports of a form in the Community Health Toolkit",
        'url = "https://cht.example.org"\nforms = ["visit"]\n'
        'auth = {kind = "basic", user = "hm-fhir", password = "env:CHT_PASSWORD"}',
        several=_SPACED,
        visit="fields.visit.",
        person="fields.person.",
        changed="fields.saved_at",
        column_is="the path of a question in the report",
        ignored="[_id, _rev, _version, form, type, reported_date, contact, patient, place]",
        native_head='  report:\n    form: visit\n    fields:\n      saved_at: "{{ updated_at }}"\n',
        **{"in": "      "},
    ),
    "questionnaire-response": PluginKind(
        about="answers to the form of hm-fhir (FHIR QuestionnaireResponses)",
        record="questionnaire.record.yaml",
        native="questionnaire.native.yaml",
        settings='server = {url = "https://forms.example.org/fhir", '
        'auth = {kind = "bearer", token = "env:FORM_TOKEN"}}',
        codes="codes",
        deletion="status",
        activity="activity-of-people.yaml",
        marks={"document": "local_id", "system": "questionnaire"},
    ),
}
