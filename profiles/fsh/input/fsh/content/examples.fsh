// Examples of what no mapping makes: disclosures, indicator reports. What mappings make is an example in
// generate_examples.py.

Instance: hm-example-municipality
InstanceOf: Organization
Usage: #example
Title: "Municipality of Samokov"
Description: "The municipality of the examples that no mapping makes."
* meta.profile = "https://w3id.org/hm-fhir/StructureDefinition/hm-municipality"
* identifier[0].system = "https://w3id.org/hm-fhir/sid/surrogate"
* identifier[0].value = "81aa9212-bc18-5230-bf1d-3179221ab085"
* identifier[1].use = #official
* identifier[1].type = $hm-identifier-kind#municipality
* identifier[1].system = "https://w3id.org/hm-fhir/sid/bg-municipality"
* identifier[1].value = "SFO39"
* type = $organization-type#govt
* name = "Самоков"
* alias = "Samokov"

Instance: hm-example-person
InstanceOf: HmPatient
Usage: #example
Title: "A person"
Description: "An invented person, whose data the disclosures are about."
* identifier[0].system = "https://w3id.org/hm-fhir/sid/surrogate"
* identifier[0].value = "e1b431c4-b446-5bb0-b99c-a5511e55eef3"
* name.family = "Примерова"
* name.given[0] = "Ана"
* gender = #female

RuleSet: Disclosed(recorded, interaction)
* meta.security[confidentiality] = $v3-Confidentiality#R "restricted"
* meta.security[sensitivity] = $v3-ActCode#SEX "sexuality and reproductive health information sensitivity"
* type = $dcm#110106 "Export"
* subtype[disclose] = $iso-21089-lifecycle#disclose "Disclose Record Lifecycle Event"
* subtype[interaction] = $restful-interaction#{interaction}
* action = #R
* recorded = "{recorded}"
* outcome = #0
* agent[sender].type = $dcm#110153 "Source Role ID"
* agent[sender].who.display = "hm-fhir of the municipality of Samokov"
* agent[sender].requestor = false
* agent[sender].network.address = "hm-fhir.samokov.example"
* agent[sender].network.type = #1
* agent[receiver].type = $dcm#110152 "Destination Role ID"
* agent[receiver].who.display = "FHIR server of the hospital"
* agent[receiver].requestor = false
* agent[receiver].network.address = "https://fhir.hospital.example/r4"
* agent[receiver].network.type = #5
* agent[custodian].type = $v3-ParticipationType#CST "custodian"
* agent[custodian].who = Reference(hm-example-municipality)
* agent[custodian].requestor = false
* source.observer.display = "hm-fhir of the municipality of Samokov"
* entity[person].what = Reference(hm-example-person)
* entity[person].type = $audit-entity-type#1 "Person"
* entity[person].role = $object-role#1 "Patient"
* entity[data].type = $audit-entity-type#2 "System Object"
* entity[data].role = $object-role#4 "Domain Resource"

Instance: hm-example-disclosure-delivery
InstanceOf: HmDisclosure
Usage: #example
Title: "A delivery to a hospital"
Description: "A person was passed on in a transaction, for treatment."
* insert Disclosed(2026-03-02T09:15:00+02:00, transaction)
* purposeOfEvent = $v3-ActReason#TREAT "treatment"
* entity[data].what = Reference(hm-example-person)

Instance: hm-example-disclosure-search
InstanceOf: HmDisclosure
Usage: #example
Title: "An answer to a question"
Description: "A hospital searched, and found a person, to coordinate care."
* insert Disclosed(2026-03-03T11:40:00+02:00, search)
* purposeOfEvent = $v3-ActReason#COC "coordination of care"
* entity[data].what = Reference(hm-example-person)

RuleSet: Report(measure, from, to, date)
* status = #complete
* type = #summary
* measure = "https://w3id.org/hm-fhir/Measure/{measure}|1.0.0"
* date = "{date}"
* reporter = Reference(hm-example-municipality)
* period.start = "{from}"
* period.end = "{to}"

RuleSet: Counted(code, population, count)
* code = {code}
* population[+].code = $measure-population#{population}
* population[=].count = {count}

Instance: hm-example-report-activities
InstanceOf: HmIndicatorReport
Usage: #example
Title: "Activities of a month"
Description: "What the mediators of a municipality did in March 2026."
* identifier[0].system = "https://w3id.org/hm-fhir/sid/surrogate"
* identifier[0].value = "a0792ffa-8b02-58c2-9338-ba384d9f45df"
* insert Report(hm-indicators-activities, 2026-03-01, 2026-03-31, 2026-04-02)
* group[+]
  * insert Counted($hm-activity-type#home-visit, initial-population, 64)
* group[+]
  * insert Counted($hm-activity-type#referral, initial-population, 22)
* group[+]
  * insert Counted($hm-activity-type#group-health-talk, initial-population, 3)

Instance: hm-example-report-referrals
InstanceOf: HmIndicatorReport
Usage: #example
Title: "Referrals of a month"
Description: "How many referrals of March 2026 led to care."
* identifier[0].system = "https://w3id.org/hm-fhir/sid/surrogate"
* identifier[0].value = "fae8c90a-5732-5f36-aa95-859c47303370"
* insert Report(hm-indicators-referrals, 2026-03-01, 2026-03-31, 2026-04-02)
* group[+]
  * insert Counted($hm-activity-type#referral, initial-population, 22)
  * population[+].code = $measure-population#denominator
  * population[=].count = 20
  * population[+].code = $measure-population#numerator
  * population[=].count = 13
