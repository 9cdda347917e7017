"""The resource types of FHIR R4 that a mapping may produce, and those that cannot carry a surrogate identifier.

Source: https://hl7.org/fhir/R4/resourcelist.html. Types that exist in R4 but not in R4B (nine drafts about the
chemistry of medicines, and what R4B replaced) are left out.
"""

from __future__ import annotations

# fmt: off
RESOURCE_TYPES = frozenset(
    {
        "Account", "ActivityDefinition", "AdverseEvent", "AllergyIntolerance", "Appointment",
        "AppointmentResponse", "AuditEvent", "Basic", "Binary", "BiologicallyDerivedProduct", "BodyStructure",
        "Bundle", "CapabilityStatement", "CarePlan", "CareTeam", "CatalogEntry", "ChargeItem",
        "ChargeItemDefinition", "Claim", "ClaimResponse", "ClinicalImpression", "CodeSystem", "Communication",
        "CommunicationRequest", "CompartmentDefinition", "Composition", "ConceptMap", "Condition", "Consent",
        "Contract", "Coverage", "CoverageEligibilityRequest", "CoverageEligibilityResponse", "DetectedIssue",
        "Device", "DeviceDefinition", "DeviceMetric", "DeviceRequest", "DeviceUseStatement",
        "DiagnosticReport", "DocumentManifest", "DocumentReference", "Encounter", "Endpoint",
        "EnrollmentRequest", "EnrollmentResponse", "EpisodeOfCare", "EventDefinition", "Evidence",
        "EvidenceVariable", "ExampleScenario", "ExplanationOfBenefit", "FamilyMemberHistory", "Flag", "Goal",
        "GraphDefinition", "Group", "GuidanceResponse", "HealthcareService", "ImagingStudy", "Immunization",
        "ImmunizationEvaluation", "ImmunizationRecommendation", "ImplementationGuide", "InsurancePlan",
        "Invoice", "Library", "Linkage", "List", "Location", "Measure", "MeasureReport", "Media",
        "Medication", "MedicationAdministration", "MedicationDispense", "MedicationKnowledge",
        "MedicationRequest", "MedicationStatement", "MessageDefinition", "MessageHeader", "MolecularSequence",
        "NamingSystem", "NutritionOrder", "Observation", "ObservationDefinition", "OperationDefinition",
        "OperationOutcome", "Organization", "OrganizationAffiliation", "Parameters", "Patient",
        "PaymentNotice", "PaymentReconciliation", "Person", "PlanDefinition", "Practitioner",
        "PractitionerRole", "Procedure", "Provenance", "Questionnaire", "QuestionnaireResponse",
        "RelatedPerson", "RequestGroup", "ResearchDefinition", "ResearchElementDefinition", "ResearchStudy",
        "ResearchSubject", "RiskAssessment", "Schedule", "SearchParameter", "ServiceRequest", "Slot",
        "Specimen", "SpecimenDefinition", "StructureDefinition", "StructureMap", "Subscription", "Substance",
        "SupplyDelivery", "SupplyRequest", "Task", "TerminologyCapabilities", "TestReport", "TestScript",
        "ValueSet", "VerificationResult", "VisionPrescription",
    }
)

_WITHOUT_IDENTIFIER = frozenset(
    {
        "AuditEvent", "Binary", "CapabilityStatement", "CompartmentDefinition", "GraphDefinition",
        "ImplementationGuide", "Linkage", "MedicationKnowledge", "MessageHeader", "NamingSystem",
        "OperationDefinition", "OperationOutcome", "Parameters", "Provenance", "SearchParameter",
        "Subscription", "TerminologyCapabilities", "VerificationResult",
    }
)

_WITH_ONE_IDENTIFIER = frozenset(
    {
        "AdverseEvent", "Bundle", "Composition", "ConceptMap", "QuestionnaireResponse", "SpecimenDefinition",
        "TestReport", "TestScript",
    }
)
# fmt: on

WITHOUT_IDENTIFIER_LIST = _WITHOUT_IDENTIFIER | _WITH_ONE_IDENTIFIER
"""Types that get no surrogate identifier, since their `identifier` is missing or is not a list."""
