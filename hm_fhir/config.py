"""Settings: one TOML file, overridden by the environment; secrets only by reference.

``HM_FHIR_TARGETS__NATIONAL__URL=…`` overrides ``url`` in ``[targets.national]``. A secret is written as
``env:NAME`` or ``file:PATH`` (relative to the settings file), never as its value.
"""

from __future__ import annotations

import base64
import os
import re
import secrets
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings import SettingsError as EnvironmentVariableError

from hm_fhir.errors import SettingsError, did_you_mean, known_fields

CANONICAL = "https://w3id.org/hm-fhir"
"""Base of every canonical URL and default identifier system of this project."""

PREFIX = "HM_FHIR_"
"""Of environment variables that override settings."""

NEW_KEY_BYTES = 32

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$", max_length=60)]
Uri = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9+.-]*:\S+$")]
Pattern = Annotated[str, StringConstraints(max_length=500)]
"""Of `fnmatch`: ``*`` is any text."""
Seconds = Annotated[float, Field(gt=0, le=30 * 86_400)]
"""A wait; at most thirty days."""


def _reference(text: str) -> str:
    kind, _, where = text.partition(":")
    if kind not in ("env", "file") or not where:
        raise ValueError("write env:NAME or file:PATH, never the secret itself")
    return text


SecretReference = Annotated[str, AfterValidator(_reference)]


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError("unknown time zone; use a name such as Europe/Sofia") from None
    return name


class Section(BaseModel):
    """Base of every part of the settings: unknown keys are errors, values never stand in an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Deployment(Section):
    """Who runs this."""

    name: Name = Field(description="short name of this deployment; part of nothing that is sent")
    identifier_system: Uri = Field(
        default=f"{CANONICAL}/sid/surrogate",
        description="system of the surrogate identifier that every resource carries; one URI for each deployment",
    )
    time_zone: Annotated[str, AfterValidator(_zone)] = Field(
        default="Europe/Sofia", description="zone of local times that a source gives without one"
    )


class IdentityKey(Section):
    """The key of all ids."""

    key: SecretReference = Field(description="reference to at least 32 random bytes, base64")
    key_id: Name = Field(description="name of the key; recorded in the store, never secret")


class StoreSettings(Section):
    """Where entries wait."""

    path: Path = Field(default=Path("store/outbox.db"), description="SQLite file, relative to the settings file")


class PluginSettings(Section):
    """Which plugins take part; what else is installed changes nothing."""

    enabled: tuple[Name, ...] = Field(default=(), description="names of entry points in the group hm_fhir")


class Identifiers(Section):
    """Systems (URIs) of the identifiers that resources carry.

    No official FHIR system of a Bulgarian number was found, so each of these can be replaced by what
    the receiver uses.
    """

    egn: Uri = Field(default=f"{CANONICAL}/sid/bg-egn", description="EGN")
    lnch: Uri = Field(default=f"{CANONICAL}/sid/bg-lnch", description="LNCh")
    nhis_newborn: Uri = Field(default=f"{CANONICAL}/sid/bg-nhis-newborn", description="NHIS number of a newborn")
    passport: Uri = Field(default="http://hl7.org/fhir/sid/passport-BGR", description="Bulgarian passport")
    nrn: Uri = Field(default=f"{CANONICAL}/sid/bg-nrn", description="number of a referral in the NHIS")
    occupation: Uri = Field(default=f"{CANONICAL}/sid/bg-nkpd", description="national classification of occupations")
    municipality: Uri = Field(default=f"{CANONICAL}/sid/bg-municipality", description="NSI code of a municipality")
    ekatte: Uri = Field(default=f"{CANONICAL}/sid/bg-ekatte", description="EKATTE code of a settlement")
    facility: Uri = Field(default=f"{CANONICAL}/sid/facility", description="local code of a facility")
    mediator: Uri = Field(default=f"{CANONICAL}/sid/mediator", description="local number of a mediator")

    def by_kind(self) -> dict[str, str]:
        """Return the URIs by the kinds that mappings and activities name, such as ``nhis-newborn``."""
        return {name.replace("_", "-"): uri for name, uri in self.model_dump().items()}


class DeliverySettings(Section):
    """How entries leave."""

    claim_entries: Annotated[int, Field(ge=1, le=5000)] = Field(
        default=200, description="entries (activity versions) that a worker takes at once"
    )
    lease_seconds: Seconds = Field(
        default=300, description="after this time another worker may take what a dead one held"
    )
    retry_first_seconds: Seconds = Field(default=5, description="first wait after a failure")
    retry_most_seconds: Seconds = Field(default=3600, description="longest wait of our own")
    retry_after_most_seconds: Seconds = Field(
        default=86_400, description="longest wait that a target's Retry-After can ask for"
    )


class ValidationRule(Section):
    """What some findings count in this deployment: those that every given pattern fits (``*`` for any text).

    The first rule that fits a finding decides.
    """

    rule: Pattern = Field(default="*", description="id of the rule: `binding-*`, `dom-6`")
    profile: Pattern = Field(default="*", description="URL of the profile whose rule it is; empty for those of FHIR")
    location: Pattern = Field(
        default="*", description="where, without the numbers of list items: `Encounter.participant.*`"
    )
    severity: Literal["fatal", "error", "warning", "information", "ignore"] = Field(
        description="what they count; `ignore` leaves them out"
    )

    @model_validator(mode="after")
    def _says_which(self) -> Self:
        if (self.rule, self.profile, self.location) == ("*", "*", "*"):
            raise ValueError("say which findings: rule, profile or location")
        return self


class ValidationSettings(Section):
    """How resources are checked before they go to the outbox."""

    enabled: bool = Field(default=True, description="whether they are checked at all")
    packages: tuple[Path, ...] = Field(
        default=(),
        description="FHIR packages with more profiles and codes: folders, .tgz or .json files, relative to the "
        "settings file",
    )
    profiles: tuple[Uri, ...] = Field(
        default=(),
        description="profiles that every resource of their type is checked against, beside those in `meta.profile`",
    )
    stop_on: Literal["fatal", "error", "warning", "information", "never"] = Field(
        default="error",
        description="the least severity that stops a delivery: the entry is withheld (`not-valid`) until the "
        "mapping, the data or this table is mended. What is less severe only counts",
    )
    rules: tuple[ValidationRule, ...] = Field(default=(), description="findings that count otherwise here")


class Kinded(BaseModel):
    """A source or a target: its kind, and the settings of that kind, checked by the plugin that brings the kind."""

    model_config = ConfigDict(frozen=True, extra="allow", hide_input_in_errors=True)

    kind: Name = Field(description="name of a source or target kind; see `hm-fhir plugins list`")

    @property
    def options(self) -> dict[str, Any]:
        """The settings of that kind, not yet checked."""
        return dict(self.model_extra or {})


class SourceSettings(Kinded):
    """What every source has, whatever its kind."""

    system: Name | None = Field(
        default=None,
        description="name of the local system whose records these are; the name of the source if absent. Sources of "
        "one system share the ids of their activities: a correction in a second file is a newer version",
    )
    missing: Literal["kept", "deleted"] = Field(
        default="kept",
        description="what an activity is that a source, which gives everything each time, does not hold any more; "
        "`deleted` is refused for a source that reads only what changed",
    )
    missing_at_most: Annotated[float, Field(ge=0, le=1)] = Field(
        default=0.1,
        description="greatest share of the activities of the source that may be missing; when more is, nothing is "
        "withdrawn and the run says so: half a file must not withdraw the other half",
    )


class Settings(BaseSettings):
    """All settings of a deployment. Read them with `load_settings`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
    )

    deployment: Deployment
    identity: IdentityKey
    store: StoreSettings = StoreSettings()
    plugins: PluginSettings = PluginSettings()
    identifiers: Identifiers = Identifiers()
    delivery: DeliverySettings = DeliverySettings()
    validation: ValidationSettings = ValidationSettings()
    sources: dict[Name, SourceSettings] = Field(default_factory=dict, description="where activities are read")
    targets: dict[Name, Kinded] = Field(default_factory=dict, description="servers that receive")

    folder: Path = Field(default=Path(), exclude=True, description="folder of the settings file; set when it is read")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003  (the signature is pydantic's)
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment win over the file."""
        return env_settings, init_settings


def load_settings(path: Path) -> Settings:
    """Return the settings of a TOML file, overridden by the environment.

    Raises:
        SettingsError: the file is missing or wrong; names every wrong key at once.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SettingsError(
            "there is no settings file", place=str(path), fix="`hm-fhir init` writes one; --settings names another"
        ) from None
    except OSError as error:
        raise SettingsError(f"cannot read the settings: {type(error).__name__}", place=str(path)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"not TOML: {error}", place=str(path)) from None
    data.pop("folder", None)
    _check_environment(os.environ)
    try:
        # The folder comes last: HM_FHIR_FOLDER in the environment must not move the files.
        return Settings(**data).model_copy(update={"folder": path.parent})
    except ValidationError as error:
        raise settings_error(error, Settings, place=str(path)) from None
    except EnvironmentVariableError as error:
        section = re.search(r'field "(\w+)"', str(error))
        raise SettingsError(
            "an environment variable is not JSON",
            place=f"HM_FHIR_{section[1].upper()}…" if section else None,
            fix='a list or table in a variable is written as JSON, such as ["one", "two"]',
        ) from None


def _check_environment(environment: Mapping[str, str]) -> None:
    """Refuse a variable that looks like one of ours and sets nothing: a test address could become the real one."""
    for variable in environment:
        section, separator, _ = variable.removeprefix(PREFIX).lower().partition("__")
        if variable.startswith(PREFIX) and separator and section not in Settings.model_fields:
            known = [f"{PREFIX}{name.upper()}" for name in Settings.model_fields if name != "folder"]
            raise SettingsError(
                "this environment variable names no section of the settings",
                place=variable,
                fix=did_you_mean(f"{PREFIX}{section.upper()}", known),
            )


def settings_error(error: ValidationError, model: type[BaseModel], *, place: str) -> SettingsError:
    """Return what pydantic found as one SettingsError: every key, what is wrong, and the nearest known key."""
    findings = []
    for finding in error.errors(include_url=False, include_input=False):
        keys = [str(step) for step in finding["loc"]]
        message = finding["msg"].removeprefix("Value error, ")
        if finding["type"] == "extra_forbidden":
            message = "unknown key; " + (did_you_mean(keys[-1], known_fields(model, keys[:-1])) or "remove it")
        elif finding["type"] == "union_tag_invalid":
            message = f"one of {finding['ctx']['expected_tags']} is needed"
        findings.append(f"{'.'.join(keys)}: {message}")
    return SettingsError("; ".join(findings), place=place)


def read_secret(reference: str, folder: Path, environment: Mapping[str, str] | None = None) -> str:
    """Return the secret that ``env:NAME`` or ``file:PATH`` refers to, without surrounding white space.

    Raises:
        SettingsError: it is not there or empty; the message names the reference only.
    """
    kind, _, where = reference.partition(":")
    if kind == "env":
        value = (environment if environment is not None else os.environ).get(where, "").strip()
    else:
        try:
            value = (folder / where).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(
                f"cannot read the secret: {type(error).__name__}",
                code="secret",
                place=reference,
                fix="put the secret into this file, readable by the user who runs hm-fhir",
            ) from None
    if not value:
        raise SettingsError(
            "the secret is missing or empty", code="secret", place=reference, fix="set it before hm-fhir runs"
        )
    return value


def read_key(reference: str, folder: Path) -> bytes:
    """Return the bytes of a base64 key that `reference` names; many tools break it into lines.

    Raises:
        SettingsError: it is missing or not base64.
    """
    try:
        return base64.b64decode("".join(read_secret(reference, folder).split()), validate=True)
    except ValueError:  # binascii.Error, and what b64decode raises for other letters than ASCII
        raise SettingsError(
            "the key is not base64", code="identity-key", place=reference, fix="`hm-fhir init` makes such a key"
        ) from None


def write_key(path: Path) -> None:
    """Write a new identity key that only its owner can read.

    Raises:
        FileExistsError: there is one already; it is never replaced.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(base64.b64encode(secrets.token_bytes(NEW_KEY_BYTES)).decode() + "\n")
