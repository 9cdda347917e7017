// Places of care and service as organizations.

Profile: HmFacility
Parent: Organization
Id: hm-facility
Title: "Facility"
Description: "A practice, hospital, laboratory, mobile unit, social service, school or mediator's office (лечебно заведение, служба) as an organization: to whom people are referred, and who made a test. In the pattern of the IHE mCSD facility; where it is, its place says."
* insert HmSurrogate
* insert HmIdentifierKinds
* identifier contains facility 1..1 MS
* identifier[facility] ^short = "Practice number, or the code of the local system"
* identifier[facility].use 1..1
* identifier[facility].use = #official
* identifier[facility].type 1..1
* identifier[facility].type = $hm-identifier-kind#facility
* identifier[facility].system 1..1
* identifier[facility].value 1..1 MS
* insert HmFacilityTypes
* name 1..1 MS
* insert HmPhone(telecom)
* partOf MS
* partOf only Reference(HmMunicipality or HmFacility)
* partOf ^short = "Of a mediator's office: its municipality"

Invariant: hm-facility-kind
Description: "One type says what kind of place it is; another one can say the specialty."
Severity: #error
Expression: "type.coding.where(system = 'https://w3id.org/hm-fhir/CodeSystem/facility-kind').count() = 1 and type.coding.where(system = 'https://w3id.org/hm-fhir/CodeSystem/specialty').count() <= 1"

// Kind and specialty of an Organization or Location.
RuleSet: HmFacilityTypes
* obeys hm-facility-kind
* type 1..2 MS
* type ^short = "What kind of place; medical specialty"
* type.coding ^slicing.discriminator.type = #value
* type.coding ^slicing.discriminator.path = "system"
* type.coding ^slicing.rules = #open
* type.coding contains kind 0..1 MS and specialty 0..1 MS
* type.coding[kind] from HmFacilityKindCodes (required)
* type.coding[kind].system 1..1
* type.coding[kind].system = $hm-facility-kind (exactly)
* type.coding[kind].code 1..1
* type.coding[specialty] from HmSpecialtyCodes (required)
* type.coding[specialty].system 1..1
* type.coding[specialty].system = $hm-specialty (exactly)
* type.coding[specialty].code 1..1
