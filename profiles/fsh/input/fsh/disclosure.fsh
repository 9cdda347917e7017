// That data of a person was passed on.

ValueSet: HmDisclosureActionCodes
Id: hm-disclosure-interaction
Title: "How data was passed on"
Description: "FHIR interactions with which a delivery or an answer to a question discloses data."
* insert HmList
* $restful-interaction#create "create"
* $restful-interaction#update "update"
* $restful-interaction#patch "patch"
* $restful-interaction#transaction "transaction"
* $restful-interaction#batch "batch"
* $restful-interaction#read "read"
* $restful-interaction#search "search"
* $restful-interaction#operation "operation"

Profile: HmDisclosure
Parent: AuditEvent
Id: hm-disclosure
Title: "Disclosure"
Description: "That data of a person, or of a group, was passed on: by which system, to which, for which municipality, why, and which resources (предоставяне на данни). In the pattern of IHE BALP, privacy disclosure at its source. It names what was disclosed by reference and never repeats any of it."
* insert HmLabels
* modifierExtension 0..0
* type = $dcm#110106
* type ^short = "Export"
* subtype 1..* MS
* subtype ^slicing.discriminator.type = #value
* subtype ^slicing.discriminator.path = "system"
* subtype ^slicing.rules = #open
* subtype contains disclose 1..1 MS and interaction 0..1 MS
* subtype[disclose].system 1..1
* subtype[disclose].system = $iso-21089-lifecycle (exactly)
* subtype[disclose].code 1..1
* subtype[disclose].code = #disclose (exactly)
* subtype[interaction].system 1..1
* subtype[interaction].system = $restful-interaction (exactly)
* subtype[interaction].code 1..1
* subtype[interaction] from HmDisclosureActionCodes (required)
* action 1..1
* action = #R
* recorded MS
* outcome 1..1 MS
* outcomeDesc 0..0
* outcomeDesc ^short = "The words of a server can hold personal data"
* purposeOfEvent 1..* MS
* purposeOfEvent from HmPurposeCodes (extensible)
* agent 3..* MS
* agent.type 1..1
* agent.name 0..0
* agent.altId 0..0
* agent ^slicing.discriminator.type = #pattern
* agent ^slicing.discriminator.path = "type"
* agent ^slicing.rules = #open
* agent contains sender 1..1 MS and receiver 1..1 MS and custodian 1..1 MS
* agent[sender] ^short = "The system that passed it on"
* agent[sender].type = $dcm#110153
* agent[sender].who 1..1
* agent[sender].network 1..1
* agent[sender].requestor = false
* agent[receiver] ^short = "The system that received it"
* agent[receiver].type = $dcm#110152
* agent[receiver].who 1..1
* agent[receiver].network 1..1
* agent[receiver].requestor = false
* agent[custodian] ^short = "The municipality that is responsible for the data"
* agent[custodian].type = $v3-ParticipationType#CST
* agent[custodian].who 1..1 MS
* agent[custodian].who only Reference(HmMunicipality)
* source.observer MS
* entity 2..* MS
* entity.name 0..0
* entity.name ^short = "No name of a person"
* entity.description 0..0
* entity.query 0..0
* entity.what 1..1
* entity.type 1..1
* entity ^slicing.discriminator.type = #pattern
* entity ^slicing.discriminator.path = "role"
* entity ^slicing.rules = #open
* entity contains person 1..1 MS and data 1..* MS
* entity[person] ^short = "Whose data it is"
* entity[person].type = $audit-entity-type#1
* entity[person].role = $object-role#1
* entity[person].what only Reference(HmPatient or HmGroup)
* entity[data] ^short = "What was passed on"
* entity[data].type = $audit-entity-type#2
* entity[data].role = $object-role#4
