"""Which R4 resource types and search parameters the test server knows.

A parameter of R4 that is not here is answered with 400, as HAPI FHIR answers a parameter that it does not know.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["token", "reference", "date"]

_TYPES = """
Account ActivityDefinition AdverseEvent AllergyIntolerance Appointment AppointmentResponse AuditEvent Basic Binary
BiologicallyDerivedProduct BodyStructure Bundle CapabilityStatement CarePlan CareTeam CatalogEntry ChargeItem
ChargeItemDefinition Claim ClaimResponse ClinicalImpression CodeSystem Communication CommunicationRequest
CompartmentDefinition Composition ConceptMap Condition Consent Contract Coverage CoverageEligibilityRequest
CoverageEligibilityResponse DetectedIssue Device DeviceDefinition DeviceMetric DeviceRequest DeviceUseStatement
DiagnosticReport DocumentManifest DocumentReference EffectEvidenceSynthesis Encounter Endpoint EnrollmentRequest
EnrollmentResponse EpisodeOfCare EventDefinition Evidence EvidenceVariable ExampleScenario ExplanationOfBenefit
FamilyMemberHistory Flag Goal GraphDefinition Group GuidanceResponse HealthcareService ImagingStudy Immunization
ImmunizationEvaluation ImmunizationRecommendation ImplementationGuide InsurancePlan Invoice Library Linkage List
Location Measure MeasureReport Media Medication MedicationAdministration MedicationDispense MedicationKnowledge
MedicationRequest MedicationStatement MedicinalProduct MedicinalProductAuthorization
MedicinalProductContraindication MedicinalProductIndication MedicinalProductIngredient
MedicinalProductInteraction MedicinalProductManufactured MedicinalProductPackaged MedicinalProductPharmaceutical
MedicinalProductUndesirableEffect MessageDefinition MessageHeader MolecularSequence NamingSystem NutritionOrder
Observation ObservationDefinition OperationDefinition OperationOutcome Organization OrganizationAffiliation
Parameters Patient PaymentNotice PaymentReconciliation Person PlanDefinition Practitioner PractitionerRole
Procedure Provenance Questionnaire QuestionnaireResponse RelatedPerson RequestGroup ResearchDefinition
ResearchElementDefinition ResearchStudy ResearchSubject RiskAssessment RiskEvidenceSynthesis Schedule
SearchParameter ServiceRequest Slot Specimen SpecimenDefinition StructureDefinition StructureMap Subscription
Substance SubstanceNucleicAcid SubstancePolymer SubstanceProtein SubstanceReferenceInformation
SubstanceSourceMaterial SubstanceSpecification SupplyDelivery SupplyRequest Task TerminologyCapabilities
TestReport TestScript ValueSet VerificationResult VisionPrescription
"""

RESOURCE_TYPES = frozenset(_TYPES.split())
"""Every type of R4."""

# One line for each type: the name of a parameter, and `=path` where the element is called otherwise.
_LINES = """
Appointment: identifier status actor=participant.actor patient=participant.actor practitioner=participant.actor \
    location=participant.actor based-on=basedOn
AuditEvent: agent=agent.who entity=entity.what patient=agent.who,entity.what
CarePlan: identifier status category subject patient=subject encounter based-on=basedOn part-of=partOf goal \
    condition=addresses
CareTeam: identifier status category subject patient=subject encounter
Communication: identifier status category subject patient=subject encounter sender recipient based-on=basedOn
Condition: identifier code category subject patient=subject encounter asserter
Consent: identifier status category patient organization actor=provision.actor.reference
Coverage: identifier status beneficiary patient=beneficiary
DiagnosticReport: identifier status code category subject patient=subject encounter performer based-on=basedOn result
DocumentReference: identifier status type category subject patient=subject author encounter=context.encounter
Encounter: identifier status type subject patient=subject part-of=partOf based-on=basedOn \
    service-provider=serviceProvider participant=participant.individual practitioner=participant.individual \
    location=location.location
EpisodeOfCare: identifier status type patient organization=managingOrganization
Flag: identifier subject patient=subject encounter author
Goal: identifier category subject patient=subject
Group: identifier type code managing-entity=managingEntity member=member.entity
Immunization: identifier status patient location performer=performer.actor
List: identifier status code subject patient=subject encounter source item=entry.item
Location: identifier status type organization=managingOrganization partof=partOf
MedicationRequest: identifier status intent category subject patient=subject encounter requester
Observation: identifier status code category subject patient=subject encounter performer focus based-on=basedOn \
    part-of=partOf derived-from=derivedFrom has-member=hasMember
Organization: identifier type partof=partOf
Patient: identifier general-practitioner=generalPractitioner organization=managingOrganization
Practitioner: identifier
PractitionerRole: identifier practitioner organization location
Procedure: identifier status code category subject patient=subject encounter performer=performer.actor \
    based-on=basedOn part-of=partOf location
Provenance: target patient=target agent=agent.who location
QuestionnaireResponse: identifier status subject patient=subject encounter author source based-on=basedOn
RelatedPerson: identifier patient
ServiceRequest: identifier status intent category code subject patient=subject encounter requester performer \
    based-on=basedOn replaces
Specimen: identifier status type subject patient=subject
Task: identifier status business-status=businessStatus intent code subject=for patient=for encounter focus owner \
    requester based-on=basedOn part-of=partOf
"""

_TOKENS = {"identifier", "status", "business-status", "intent", "category", "code", "type"}
_TARGETS = {"patient": "Patient", "practitioner": "Practitioner", "location": "Location"}


@dataclass(frozen=True, slots=True)
class SearchParameter:
    """One search parameter of a type.

    Attributes:
        name: as it stands in the URL.
        kind: how values are compared (FHIR R4, Search, parameter types).
        paths: the elements, names separated by dots; any of them.
        target: the only type that it finds, for a reference.
    """

    name: str
    kind: Kind
    paths: tuple[str, ...]
    target: str | None = None


_COMMON = (
    SearchParameter("_id", "token", ("id",)),
    SearchParameter("_lastUpdated", "date", ("meta.lastUpdated",)),
    SearchParameter("_security", "token", ("meta.security",)),
    SearchParameter("_tag", "token", ("meta.tag",)),
)


def _parameter(text: str) -> SearchParameter:
    name, _, paths = text.partition("=")
    kind: Kind = "token" if name in _TOKENS else "reference"
    return SearchParameter(name, kind, tuple((paths or name).split(",")), _TARGETS.get(name))


def _table() -> dict[str, dict[str, SearchParameter]]:
    table = {name: {parameter.name: parameter for parameter in _COMMON} for name in RESOURCE_TYPES}
    for line in _LINES.strip().replace("\\\n", " ").splitlines():
        name, _, words = line.partition(":")
        table[name] |= {parameter.name: parameter for parameter in map(_parameter, words.split())}
    return table


PARAMETERS = _table()
"""The parameters of each type by name."""
