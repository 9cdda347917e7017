"""Settings of the source, and the source itself."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from hm_fhir.config import Section
from hm_fhir.errors import SettingsError
from hm_fhir.http.options import HttpOptions
from hm_fhir.sources.base import Item, ReaderKind, Record, SourceContext, Understood
from hm_fhir.sources.directory import Directory
from hm_fhir.sources.questionnaire.activity import activity_of_answers
from hm_fhir.sources.questionnaire.files import count_of_files, read_files
from hm_fhir.sources.questionnaire.form import Form, read_form, shipped_form
from hm_fhir.sources.questionnaire.records import Responses
from hm_fhir.sources.questionnaire.server import search


class QuestionnaireOptions(Section):
    """Settings of answers to a form: a `path`, or a `server`."""

    path: Path | None = Field(
        default=None,
        description="a file (JSON or NDJSON: resources, or Bundles of them) or a folder of such files, relative to "
        "the settings file",
    )
    server: HttpOptions | None = Field(default=None, description="a FHIR R4 server that holds the responses")
    incremental: bool = Field(
        default=True, description="of a server: only what changed since the last reading; else everything, each time"
    )
    overlap_hours: Annotated[float, Field(ge=0, le=8_760)] = Field(
        default=24, description="how many hours before the last reading a server is asked again"
    )
    form: Path | None = Field(
        default=None,
        description="the Questionnaire in JSON, when it is not the form of this project; then `fields` say what its "
        "answers mean",
    )
    names: tuple[str, ...] = Field(
        default=(), description="more canonical URLs under which the same form is answered, without versions"
    )

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.path is None) == (self.server is None):
            raise ValueError("either a `path` or a `server` is needed")
        return self


class QuestionnaireSource:
    """Reads QuestionnaireResponses; with the form of this project, they are activities by themselves.

    Args:
        options: settings.
        context: the deployment.

    Attributes:
        incremental: it is a server that is asked for what changed.
        fingerprint: changes when form or directory do, so that what was rejected is worth reading again.

    Raises:
        SettingsError: form or directory is wrong or missing.
    """

    def __init__(self, options: QuestionnaireOptions, context: SourceContext) -> None:
        self._options = options
        self._context = context
        self._form: Form = shipped_form() if options.form is None else read_form(context.folder / options.form)
        self.incremental = options.server is not None and options.incremental
        self._directory: Directory | None = None
        self.fingerprint = f"{self._form.url}|{self._form.version}"
        if getattr(options, "fields", None) is None:
            self._directory = self._needed_directory()

    def _needed_directory(self) -> Directory:
        if self._options.form is not None:
            raise SettingsError(
                "nothing says what the answers to this form mean",
                place=self._context.system,
                fix="name a file of `fields` in the settings of the source",
            )
        chosen: Path | None = getattr(self._options, "directory", None)
        if chosen is None:
            raise SettingsError(
                "responses name mediators and facilities by codes, and there is no directory of them",
                place=self._context.system,
                fix="name a `directory` in the settings of the source",
            )
        path = self._context.folder / chosen
        found = Directory(path)
        self.fingerprint += f" {hashlib.sha256(path.read_bytes()).hexdigest()}"
        return found

    def count(self) -> int | None:
        """Return how many responses there are in NDJSON files; of others nobody knows before they are read."""
        return count_of_files(self._context.folder / self._options.path) if self._options.path else None

    def records(self, since: str | None = None) -> Iterator[Item]:
        """Yield the responses; see `Reader.records`."""
        names = frozenset({self._form.url, *self._options.names})
        if self._options.path is not None:
            path = self._context.folder / self._options.path
            yield from read_files(path, Responses(self._form, names, path.name, by_id=False))
            return
        server = self._options.server
        assert server is not None  # noqa: S101  (the settings have one of both)
        yield from search(
            server,
            self._context.folder,
            Responses(self._form, names, f"{server.url}/QuestionnaireResponse", by_id=True),
            canonicals=sorted(names),
            version=self._form.version,
            since=since if self.incremental else None,
            overlap_hours=self._options.overlap_hours if self.incremental else None,
        )

    def activity(self, record: Record) -> Understood:
        """Return the activity that a response tells of.

        Raises:
            RecordRejected: it tells of none.
            pydantic.ValidationError: the same, from the activity model.
        """
        assert self._directory is not None  # noqa: S101  (where `fields` say what answers mean, they are asked)
        return activity_of_answers(record, self._directory, self._context.system, self._context.zone)

    def local_id(self, record: Record) -> str | None:
        """Return the number of a response."""
        value = record.values.get("_local_id")
        return value if isinstance(value, str) else None


def _open(options: Any, context: SourceContext) -> QuestionnaireSource:
    return QuestionnaireSource(options, context)


KIND = ReaderKind(
    "questionnaire-response",
    QuestionnaireOptions,
    _open,
    "answers to the form of this project: QuestionnaireResponses in files or on a FHIR server",
)
