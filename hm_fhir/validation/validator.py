"""The way in: a validator made from definitions checks any number of resources."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from hm_fhir.errors import SettingsError
from hm_fhir.validation.bindings import Bindings
from hm_fhir.validation.extensions import Extensions
from hm_fhir.validation.issue import Issue
from hm_fhir.validation.profiles import Profiles
from hm_fhir.validation.references import BundleIndex
from hm_fhir.validation.resources.table import RESOURCE_RULES
from hm_fhir.validation.run import Check, Path, Run
from hm_fhir.validation.structure import Structure

if TYPE_CHECKING:
    from hm_fhir.fhir.definitions import TypeModel
    from hm_fhir.fhir.terminology import Terminology
    from hm_fhir.validation.definitions import Definitions


class Validator:
    """Checks resources against FHIR R4, the profiles that they claim, and those that are asked for.

    Args:
        definitions: types, profiles and codes.
    """

    def __init__(self, definitions: Definitions) -> None:
        self.definitions = definitions
        types = definitions.types
        bindings = Bindings(definitions.terminology)
        self._structure = Structure(types, bindings, self._check_inner, self._check_extension, self._of_profiles)
        self._profiles = Profiles(self._structure, bindings)
        self._extensions = Extensions(types, self._profiles)
        self._resource_types = types.resource_types
        self._kinds: dict[str, str | None] = {}
        self._claims: dict[tuple[str, str], Check] = {}

    def validate(self, resource: Any, profiles: Iterable[str] = ()) -> tuple[Issue, ...]:
        """Return what is wrong with a resource, in the order of its elements; empty: nothing to say.

        Args:
            resource: its JSON.
            profiles: URLs of profiles to check it against, beside those in ``meta.profile``.

        Raises:
            SettingsError: ``profile-unknown``: a profile that is asked for is not at hand.
        """
        if not isinstance(resource, dict):
            return (Issue("error", "structure", "not-fhir", "$", "a resource is a JSON object"),)
        run = Run(resource, self)
        kind = resource.get("resourceType")
        path: Path = (None, kind if isinstance(kind, str) and kind in self._resource_types else "$")
        if self._check_resource(resource, path, run):
            for url in profiles:
                if self.type_of(url) is None:
                    raise SettingsError(
                        f"the profile {url} is not at hand",
                        code="profile-unknown",
                        fix="name the package that has it",
                    )
                self._check_profile(resource, url, path, run)
        return tuple(run.issues)

    # --- what checks may ask

    def type_of(self, url: str) -> str | None:
        """Return the name of the FHIR type that a profile or type URL is about; None when it is not at hand."""
        try:
            return self._kinds[url]
        except KeyError:
            root = self._profiles.root(url)
            kind = self._kinds[url] = root.name if root is not None else None
            return kind

    def conforms(self, value: Any, url: str, run: Run) -> bool:
        """Return whether a resource or an element conforms to a profile; nothing is reported."""
        key = (id(value), url)
        known = run.verdicts.get(key)
        if known is not None:
            return known
        if key in run.judging:
            return True
        run.judging.add(key)
        try:
            aside = run.aside()
            kind = self.type_of(url)
            if kind is None or not isinstance(value, dict):
                return False
            if "resourceType" in value:
                self._check_resource(value, (None, kind), aside)
                self._check_profile(value, url, (None, kind), aside)
            else:
                self._structure.check(kind)(value, (None, kind), aside)
                check = self._profiles.check(url, kind)
                if check is not None:
                    check(value, (None, kind), aside)
            verdict = run.verdicts[key] = not any(issue.stops for issue in aside.issues)
            return verdict
        finally:
            run.judging.discard(key)

    def conformance_resource(self, kind: str, url: str) -> Any:
        """Return the conformance resource (Questionnaire, ValueSet ...) of a canonical URL, or None."""
        return self.definitions.resource(kind, url.partition("|")[0])

    @property
    def types(self) -> TypeModel:
        """The types and profiles at hand."""
        return self.definitions.types

    @property
    def terminology(self) -> Terminology:
        """The code systems and value sets at hand."""
        return self.definitions.terminology

    # --- resources

    def _check_resource(self, resource: dict[str, Any], path: Path, run: Run) -> bool:
        """Check a resource and the profiles that it claims; return whether its type is known."""
        kind = resource.get("resourceType")
        if kind is None:
            run.report("error", "structure", "not-fhir", path, "resourceType is missing, so it is no resource")
            return False
        if not isinstance(kind, str) or kind not in self._resource_types:
            text = "there is no resource type of this name in R4"
            run.report("error", "structure", "resource-type-unknown", path, text)
            return False
        saved = run.resource, run.place, run.ids
        run.resource, run.place, run.ids = resource, path, set()
        bundle = run.bundle
        if kind == "Bundle":
            run.bundle = BundleIndex(resource)
        self._structure.check(kind)(resource, path, run)
        for rules in (RESOURCE_RULES.get("*"), RESOURCE_RULES.get(kind)):
            if rules is not None:
                rules(resource, path, run)
        self._check_claimed(resource, path, run)
        run.bundle = bundle
        run.resource, run.place, run.ids = saved
        return True

    def _check_inner(self, value: Any, path: Path, run: Run) -> None:
        """Check a resource inside of another one: contained, or in a Bundle or Parameters."""
        if not isinstance(value, dict):
            run.report("error", "structure", "wrong-json-type", path, "a resource must stand here")
            return
        container = run.container
        if not path[1].startswith("contained"):
            run.container = value
        self._check_resource(value, path, run)
        run.container = container

    def _check_claimed(self, resource: dict[str, Any], path: Path, run: Run) -> None:
        meta = resource.get("meta")
        claimed = meta.get("profile") if isinstance(meta, dict) else None
        if not isinstance(claimed, list):
            return
        for place, url in enumerate(claimed):
            if not isinstance(url, str):
                continue
            if self.type_of(url) is None:
                here = ((path, "meta"), f"profile[{place}]")
                reason = self.definitions.broken.get(url.partition("|")[0])
                why = "is not at hand" if reason is None else f"cannot be used ({reason})"
                text = f"the profile {why}, so the resource was not checked against it"
                run.report("error", "not-found", "profile-unknown", here, text)
            else:
                self._check_profile(resource, url, path, run)

    def _check_profile(self, resource: dict[str, Any], url: str, path: Path, run: Run) -> None:
        name = resource.get("resourceType")
        key = (url, name if isinstance(name, str) else "")
        found = self._claims.get(key)
        if found is None:
            found = self._claims[key] = self._claim(*key)
        if found is _wrong_type:
            text = f"the profile is about {self.type_of(url)}, not about this type of resource"
            run.report("error", "structure", "profile-wrong-type", path, text, url)
            return
        saved = run.resource, run.place, run.bundle
        run.resource, run.place = resource, path
        if name == "Bundle" and run.bundle is None:
            run.bundle = BundleIndex(resource)
        found(resource, path, run)
        run.resource, run.place, run.bundle = saved

    def _claim(self, url: str, name: str) -> Check:
        """Return the check of a profile that a type of resource claims, or `_wrong_type`."""
        kind = self.type_of(url)
        if kind is None or not self.definitions.types.is_subtype(name, kind):
            return _wrong_type
        definition = self.definitions.types.type(url)
        if definition is None or "/" not in definition.name:
            return _nothing  # the type itself
        return self._profiles.check(url, kind) or _nothing

    def _of_profiles(self, urls: tuple[str, ...], kind: str, profile: str | None) -> Check:
        return self._profiles.any_of(urls, kind, profile)

    def _check_extension(self, value: Any, path: Path, run: Run) -> None:
        self._extensions.check(value, path, run)


def _nothing(_value: Any, _path: Path, _run: Run) -> None:
    """There is nothing to check."""


def _wrong_type(_value: Any, _path: Path, _run: Run) -> None:
    """Stand for the check of a profile that is about another type."""
