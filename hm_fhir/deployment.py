"""The composition root: settings -> plugins -> compiled packs -> store -> targets. What they do together: `app`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

from hm_fhir import builtin
from hm_fhir.activities.identity import Identity
from hm_fhir.config import Identifiers, Settings, read_key
from hm_fhir.delivery.clock import Clock
from hm_fhir.delivery.intake import Intake
from hm_fhir.delivery.reading import Reading
from hm_fhir.delivery.target import Target
from hm_fhir.errors import PluginError, StoreError
from hm_fhir.mapping.checker import Finding, Profiles, check_folders, load_checked
from hm_fhir.mapping.conceptmap import CodeSystem, read_code_systems
from hm_fhir.mapping.engine import Mapper
from hm_fhir.opening import open_source, open_targets, reading_of
from hm_fhir.outbox.sqlite import SqliteStore
from hm_fhir.plugins import Contributions, Plugins
from hm_fhir.sources.base import Source
from hm_fhir.validation.deployment.deployed import DeployedValidation
from hm_fhir.validation.deployment.mapped_check import MappedCheck
from hm_fhir.version import __version__


class Deployment:
    """The parts of one deployment. Each is made when it is first used.

    Args:
        settings: checked settings.
        clock: time.
    """

    def __init__(self, settings: Settings, *, clock: Clock) -> None:
        self.settings = settings
        self._clock = clock

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def prepare(self) -> Self:
        """Compile mappings and profiles, open store and targets: whatever is wrong is said now, not in the middle.

        An HIS that submits in its own transactions calls this once when it starts.

        Raises:
            SettingsError: settings, plugins, mappings or packages of profiles are wrong.
            StoreError: the store belongs to another key, or to a newer version.
        """
        self.mapper, self.mapped_check, self.targets, self.store  # noqa: B018  (made when first used)
        return self

    def close(self) -> None:
        """Give back the store and all connections."""
        if "store" in self.__dict__:
            self.store.close()
        for target in self.__dict__.get("targets", {}).values():
            target.close()

    @cached_property
    def plugins(self) -> Plugins:
        """The plugin manager."""
        return Plugins(self.settings.plugins.enabled, builtin=builtin, version=__version__)

    @cached_property
    def contributions(self) -> Contributions:
        """What all plugins yield.

        Raises:
            PluginError: a plugin is missing, broken or clashes with another; says so of all at once.
        """
        plugins = self.plugins
        gathered = plugins.gather()
        if plugins.problems:
            raise PluginError("; ".join(str(problem) for problem in plugins.problems))
        return gathered

    @cached_property
    def identity(self) -> Identity:
        """Keyed ids of this deployment."""
        settings = self.settings
        return Identity(
            read_key(settings.identity.key, settings.folder),
            key_id=settings.identity.key_id,
            system=settings.deployment.identifier_system,
        )

    @cached_property
    def mapper(self) -> Mapper:
        """All mapping packs, compiled.

        Raises:
            MappingErrors: mistakes in mapping files, all of them.
        """
        return self._mapper(self.identity, self.settings.identifiers)

    @cached_property
    def case_mapper(self) -> Mapper:
        """The same packs with a key and identifier systems that are the same everywhere: cases compare with them.

        Raises:
            MappingErrors: mistakes in mapping files, all of them.
        """
        return self._mapper(Identity(bytes(32), key_id="cases", system="urn:hm-fhir:cases"), Identifiers())

    def mapper_of(self, folders: Sequence[Path]) -> Mapper:
        """Return a mapper with these packs instead of those in force, to compare them.

        Args:
            folders: of the packs, and of those that they extend.

        Raises:
            MappingErrors: mistakes in mapping files, all of them.
        """
        return self._mapper(self.identity, self.settings.identifiers, folders)

    def _mapper(self, identity: Identity, identifiers: Identifiers, packs: Sequence[Path] | None = None) -> Mapper:
        packs = packs if packs is not None else self._pack_folders()
        code_systems = self._code_systems()
        checked = load_checked(
            packs, code_systems=code_systems, profiles=self._profiles(), cache=self.validation.cache
        )
        return Mapper(checked, identity, code_systems, identifiers.by_kind())

    def _profiles(self) -> Profiles:
        made = self.validation.definitions
        return Profiles(made.types, made.terminology, made.broken, made.fingerprint)

    @cached_property
    def validation(self) -> DeployedValidation:
        """What checks resources, with the profiles of this project, of plugins and of the settings."""
        folders = [spec.folder for spec in self.contributions.profiles.values()]
        packages = [folder for folder in folders if folder != builtin.OWN_PROFILES]
        return DeployedValidation(self.settings.validation, self.settings.folder, packages)

    @cached_property
    def mapped_check(self) -> MappedCheck | None:
        """What checks the resources of activities; None when the settings say that nothing does.

        Raises:
            SettingsError: a package cannot be read, or a profile is not at hand.
        """
        return self.validation.mapped_check(self.mapper)

    def check_mappings(self, folders: Sequence[Path] | None = None) -> tuple[Finding, ...]:
        """Return all that is wrong, or probably wrong, with packs.

        Args:
            folders: of the packs, and of those that they extend; None: those in force.
        """
        folders = folders if folders is not None else self._pack_folders()
        return check_folders(folders, code_systems=self._code_systems(), profiles=self._profiles())

    def _pack_folders(self) -> list[Path]:
        return [spec.folder for spec in self.contributions.mappings.values()]

    def _code_systems(self) -> dict[str, CodeSystem]:
        folders = [spec.folder for spec in self.contributions.profiles.values()]
        return {name: one for folder in folders for name, one in read_code_systems(folder).items()}

    @cached_property
    def store(self) -> SqliteStore:
        """The outbox.

        Raises:
            StoreError: it belongs to another key, or to a newer version.
        """
        path = self.settings.folder / self.settings.store.path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"cannot make the folder of the store: {type(error).__name__}",
                place=str(path.parent),
                fix="make it, writable for the user who runs hm-fhir, or set [store] path",
            ) from None
        store = SqliteStore(path, clock=self._clock.now)
        store.bind(self.identity.key_id, self.identity.fingerprint)
        return store

    @cached_property
    def targets(self) -> dict[str, Target]:
        """All targets, by name; none is connected yet."""
        return open_targets(self.settings, self.contributions.targets)

    def source(self, name: str) -> Source:
        """Return a source by its name in the settings.

        Raises:
            SettingsError: there is none, or its settings are wrong.
        """
        return open_source(self.settings, self.contributions.sources, name)

    def reading(self, name: str) -> Reading:
        """Return how a source is read.

        Raises:
            SettingsError: there is no such source, or its settings are wrong.
        """
        # Whatever of this is different, everything is read again: what is known costs little, what is missed is lost.
        made_with = {
            "pack": self.mapper.fingerprint,
            "check": self.mapped_check.fingerprint if self.mapped_check else "",
            "targets": sorted(self.settings.targets),
        }
        return reading_of(self.settings, name, self.source(name), made_with, self.identity.digest)

    @cached_property
    def intake(self) -> Intake:
        """From records to entries."""
        targets = tuple(self.settings.targets)
        return Intake(self.store, self.mapper, self.identity, targets, self._clock.now, self.mapped_check)
