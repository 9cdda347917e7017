"""What a person allowed, and the papers that a mediator helps with."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from hm_fhir.activities.people import Day, Frozen, LocalId
from hm_fhir.activities.vocabulary import CONSENT_COVERAGE, DOCUMENT_STEPS, DOCUMENTS


class Consent(Frozen):
    """What the person allowed the mediator; free, and withdrawn at any time."""

    decision: Literal["given", "refused", "withdrawn"] = Field(description="what the person decided")
    on: Day = Field(description="day of the decision")
    until: Day | None = Field(default=None, description="last day of what was given, when the person set one")
    covers: tuple[Annotated[str, AfterValidator(CONSENT_COVERAGE.check)], ...] = Field(
        default=("mediation", "sharing"), min_length=1, description="what it is about"
    )
    by: Literal["subject", "mother", "partner", "relative"] = Field(
        default="subject", description="role of the person of this activity who decided"
    )
    reference: LocalId | None = Field(default=None, description="number of the signed paper", repr=False)

    @model_validator(mode="after")
    def _until(self) -> Consent:
        if self.until is not None and self.decision != "given":
            raise ValueError("only a consent that was given has a last day")
        if self.until is not None and self.until < self.on:
            raise ValueError("the last day is before the decision")
        return self


class Document(Frozen):
    """A paper; its number and content have no field on purpose."""

    kind: Annotated[str, AfterValidator(DOCUMENTS.check)] = Field(description="which paper")
    step: Annotated[str, AfterValidator(DOCUMENT_STEPS.check)] = Field(description="what was done with it")
    dated: Day | None = Field(default=None, description="date on the paper")
