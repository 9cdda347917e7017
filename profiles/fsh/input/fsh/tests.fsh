// Tests that the person had or will have. The mediator links people to tests, and passes on results.

Invariant: hm-test-done
Description: "A final test has a result; one that is registered or cancelled has none."
Severity: #error
Expression: "(status = 'final' implies value.exists() or component.value.exists()) and (status in ('registered' | 'cancelled') implies value.empty() and component.empty() and interpretation.empty())"

Invariant: hm-titre-kind
Description: "A titre is the value of the test that asks for it alone."
Severity: #error
Expression: "value.ofType(Ratio).exists() implies code.coding.where(system = 'https://w3id.org/hm-fhir/CodeSystem/test-kind' and code = 'syphilis-rpr-titre').exists()"

Invariant: hm-titre
Description: "A titre is one to a whole number."
Severity: #error
Expression: "numerator.value = 1 and denominator.value >= 1 and denominator.value mod 1 = 0"

Profile: HmTest
Parent: HmFinding
Id: hm-test
Title: "Test"
Description: "A test and, when it is known, its result (изследване): what all tests have in common. The mediator does not test: the performer is the facility that does."
* insert HmOfPerson
* obeys hm-test-done
* status from HmTestStatusCodes (required)
* insert HmWord(code, $hm-test-kind, HmTestKindCodes)
* category 1..1 MS
* category = $observation-category#laboratory
* effective[x] ^short = "Day of the test; absent when it is only planned"
* performer only Reference(HmFacility)
* performer ^short = "Who did the test"
* value[x] MS
* dataAbsentReason 0..0
* interpretation 0..1 MS
* interpretation.coding ^slicing.discriminator.type = #value
* interpretation.coding ^slicing.discriminator.path = "system"
* interpretation.coding ^slicing.rules = #open
* interpretation.coding contains hl7 1..1 MS
* interpretation.coding[hl7] from HmTestInterpretationCodes (required)
* interpretation.coding[hl7].system 1..1
* interpretation.coding[hl7].system = $v3-ObservationInterpretation (exactly)
* interpretation.coding[hl7].code 1..1
* hasMember 0..0

// The result as a word.
RuleSet: HmResultWord
* value[x] only CodeableConcept
* insert HmWord(value[x], $hm-test-result, HmTestResultCodes)

Profile: HmSyphilisTest
Parent: HmTest
Id: hm-syphilis-test
Title: "Syphilis test"
Description: "A test for syphilis (изследване за сифилис): rapid, RPR, RPR titre or treponemal, with LOINC and SNOMED CT codes where there are any. A titre is the value of the test that asks for it, and stands beside the result of any other."
* insert HmAlways(std)
* obeys hm-titre-kind
* code.coding[own] from HmSyphilisTestCodes (required)
* code.coding contains loinc 0..1 MS
// Extensible: a server that has no LOINC or SNOMED CT cannot decide a required binding and would refuse what is right.
* code.coding[loinc] from HmSyphilisTestLoincCodes (extensible)
* code.coding[loinc].system 1..1
* code.coding[loinc].system = $loinc (exactly)
* code.coding[loinc].code 1..1
* value[x] only CodeableConcept or Ratio
* insert HmWord(valueCodeableConcept, $hm-test-result, HmTestResultCodes)
* valueCodeableConcept.coding contains snomed 0..1 MS
* valueCodeableConcept.coding[snomed] from HmSyphilisResultSnomedCodes (extensible)
* valueCodeableConcept.coding[snomed].system 1..1
* valueCodeableConcept.coding[snomed].system = $sct (exactly)
* valueCodeableConcept.coding[snomed].code 1..1
* valueRatio obeys hm-titre
* component ^slicing.discriminator.type = #pattern
* component ^slicing.discriminator.path = "code"
* component ^slicing.rules = #closed
* component contains titre 0..1 MS
* component[titre].code = $hm-finding#titre
* component[titre].value[x] 1..1
* component[titre].value[x] only Ratio
* component[titre].value[x] obeys hm-titre

Profile: HmHivTest
Parent: HmTest
Id: hm-hiv-test
Title: "HIV test"
Description: "A rapid test for HIV (бърз тест за ХИВ)."
* insert HmAlways(hiv)
* insert HmResultWord
* code = $hm-test-kind#hiv-rapid
* component 0..0

Profile: HmPregnancyTest
Parent: HmTest
Id: hm-pregnancy-test
Title: "Pregnancy test"
Description: "A test for pregnancy (тест за бременност)."
* insert HmAlways(sex)
* insert HmResultWord
* code = $hm-test-kind#pregnancy
* component 0..0
