"""Validation as the settings of a deployment want it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from hm_fhir.validation.deployment.check import ResourceCheck
from hm_fhir.validation.deployment.mapped_check import MappedCheck
from hm_fhir.validation.deployment.policy import Policy

if TYPE_CHECKING:
    from hm_fhir.config import ValidationSettings
    from hm_fhir.mapping.engine import Mapper
    from hm_fhir.validation.definitions import Definitions
    from hm_fhir.validation.validator import Validator


class DeployedValidation:
    """Makes what checks resources; definitions are loaded when they are first needed.

    Args:
        settings: ``[validation]``.
        folder: of the settings file.
        packages: FHIR packages of plugins, beside this project's own.
    """

    def __init__(self, settings: ValidationSettings, folder: Path, packages: Sequence[Path]) -> None:
        self._settings = settings
        self._packages = (*packages, *(folder / path for path in settings.packages))

    @cached_property
    def definitions(self) -> Definitions:
        """R4 and all profiles: this project's, those of plugins and of the settings.

        Raises:
            SettingsError: a package cannot be read.
        """
        return self._definitions(())

    @cached_property
    def validator(self) -> Validator:
        """Checks resources against the definitions.

        Raises:
            SettingsError: a package cannot be read.
        """
        return self._validator(self.definitions)

    @property
    def cache(self) -> Path:
        """Where what can be made again is kept."""
        # Here, since commands that check nothing would pay for it.
        from hm_fhir.validation.definitions import cache_folder

        return cache_folder()

    def _definitions(self, more_packages: Sequence[Path]) -> Definitions:
        from hm_fhir.validation.definitions import load_definitions

        return load_definitions((*self._packages, *more_packages), cache=self.cache)

    def _validator(self, definitions: Definitions) -> Validator:
        from hm_fhir.validation.validator import Validator

        return Validator(definitions)

    def resource_check(self, packages: Sequence[Path] = (), profiles: Sequence[str] = ()) -> ResourceCheck:
        """Return what checks resources.

        Args:
            packages: more of them.
            profiles: URLs that every resource is checked against, beside those of the settings.

        Raises:
            SettingsError: a package cannot be read, or a profile is not at hand.
        """
        validator = self._validator(self._definitions(packages)) if packages else self.validator
        return ResourceCheck(validator, profiles, self._settings.profiles, Policy.of(self._settings))

    def mapped_check(self, mapper: Mapper) -> MappedCheck | None:
        """Return what checks the resources that activities become; None when the settings say that nothing does.

        Args:
            mapper: makes the resources.

        Raises:
            SettingsError: a package cannot be read, or a profile is not at hand.
        """
        if not self._settings.enabled:
            return None
        asked = self._settings.model_dump_json(include={"profiles", "stop_on", "rules"})
        fingerprint = sha256(f"{self.validator.definitions.fingerprint}\n{asked}".encode()).hexdigest()
        return MappedCheck(self.resource_check(), mapper, fingerprint)
