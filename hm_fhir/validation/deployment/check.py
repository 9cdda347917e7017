"""What a resource is checked for in a deployment: its own profiles, those that are asked for, the policy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from hm_fhir.errors import SettingsError
from hm_fhir.validation.deployment.policy import Policy
from hm_fhir.validation.issue import Issue
from hm_fhir.validation.reading.strict_json import too_deep

if TYPE_CHECKING:
    from hm_fhir.validation.validator import Validator


class ResourceCheck:
    """Checks resources one by one; it always returns.

    Args:
        validator: what checks a resource.
        everywhere: URLs of profiles that every resource is checked against, beside those it claims.
        by_type: URLs of profiles that the resources of their type are checked against.
        policy: what becomes of findings.

    Raises:
        SettingsError: a profile is not at hand.
    """

    def __init__(
        self,
        validator: Validator,
        everywhere: Iterable[str] = (),
        by_type: Iterable[str] = (),
        policy: Policy | None = None,
    ) -> None:
        self._validator = validator
        self._everywhere = tuple(everywhere)
        self._by_type: dict[str, list[str]] = {}
        for url in self._everywhere:
            _type_of(url, validator)
        for url in by_type:
            self._by_type.setdefault(_type_of(url, validator), []).append(url)
        self.policy = policy or Policy()

    def __call__(self, resource: Mapping[str, Any]) -> tuple[Issue, ...]:
        """Return what is found in a resource, as the policy judges it."""
        more = self._by_type.get(resource["resourceType"], ()) if self._by_type else ()
        try:
            issues = self._validator.validate(resource, (*self._everywhere, *more))
        except RecursionError:
            issues = (too_deep(),)
        return self.policy.judged(issues)

    def judged(self, issue: Issue) -> tuple[Issue, ...]:
        """Return what becomes of a finding in a text that is no resource."""
        return self.policy.judged((issue,))


def _type_of(url: str, validator: Validator) -> str:
    kind = validator.type_of(url)
    if kind is None:
        reason = validator.definitions.broken.get(url.partition("|")[0])
        raise SettingsError(
            "this profile is not at hand" if reason is None else f"this profile cannot be used: {reason}",
            code="profile-unknown",
            place=url,
            fix="name the package that has it: --package, or packages in [validation]",
        )
    return kind
