// Meetings of a mediator with a person or a group.

Invariant: hm-virtual
Description: "By phone or online, the class of an encounter is VR."
Severity: #error
Expression: "status != 'entered-in-error' and type.coding.where(system = 'https://w3id.org/hm-fhir/CodeSystem/setting' and code in ('phone' | 'online')).exists() implies class.code = 'VR'"

Invariant: hm-encounter-type
Description: "One type says which activity it was, and the other where the mediator worked."
Severity: #error
Expression: "type.where(coding.where(system = 'https://w3id.org/hm-fhir/CodeSystem/activity-type').exists()).count() = 1 and type.where(coding.where(system = 'https://w3id.org/hm-fhir/CodeSystem/setting').exists()).count() = 1"

Invariant: hm-in-hospital
Description: "With an in-patient, the encounter is one in hospital, and has the profile hm-encounter-hospital."
Severity: #error
Expression: "class.code != 'IMP' or status = 'entered-in-error'"

Invariant: hm-type-std
Description: "An activity about sexually transmitted infections carries the label STD."
Severity: #error
Expression: "coding.where(system = 'https://w3id.org/hm-fhir/CodeSystem/activity-type' and code in ('sti-education' | 'syphilis-test' | 'syphilis-follow-up' | 'partner-notification' | 'congenital-syphilis-follow-up')).exists() implies %resource.meta.security.where(code = 'STD').exists()"

Invariant: hm-type-sex
Description: "An activity about pregnancy, birth or family planning carries the label SEX."
Severity: #error
Expression: "coding.where(system = 'https://w3id.org/hm-fhir/CodeSystem/activity-type' and code in ('pregnancy-detection' | 'postpartum-visit' | 'family-planning-counselling')).exists() implies %resource.meta.security.where(code = 'SEX').exists()"

Profile: HmEncounter
Parent: Encounter
Id: hm-encounter
Title: "Activity of a health mediator"
Description: "One thing that a mediator did or plans (дейност): what all encounters have in common. Those of a person, of a group and in hospital have profiles of their own. The mediator does no diagnosis, and a stay in hospital is the hospital's own encounter."
* insert HmSurrogate
* insert HmLabels
* obeys hm-virtual
* status from HmEncounterStatusCodes (required)
* status MS
* status ^short = "planned, in-progress, finished, cancelled, entered-in-error"
* class from HmEncounterClassCodes (required)
* class MS
* class ^short = "HH home, FLD field, VR from afar, AMB practice, IMP with an in-patient"
* type 2..2 MS
* type ^short = "Which activity, and where the mediator worked; the class is coarser"
* type obeys hm-type-std and hm-type-sex
* obeys hm-encounter-type
* type.coding ^slicing.discriminator.type = #value
* type.coding ^slicing.discriminator.path = "system"
* type.coding ^slicing.rules = #open
* type.coding contains activity 0..1 MS and setting 0..1 MS
* type.coding[activity] ^short = "Which activity"
* type.coding[activity] from HmActivityTypeCodes (required)
* type.coding[activity].system 1..1
* type.coding[activity].system = $hm-activity-type (exactly)
* type.coding[activity].code 1..1
* type.coding[setting] ^short = "Where the mediator worked"
* type.coding[setting] from HmSettingCodes (required)
* type.coding[setting].system 1..1
* type.coding[setting].system = $hm-setting (exactly)
* type.coding[setting].code 1..1
* insert HmBeside(type, snomed, $sct, HmActivityTypeSnomedCodes)
* subject 1..1 MS
* subject only Reference(HmPatient or HmGroup)
* subject ^short = "With whom"
* episodeOfCare 0..1 MS
* episodeOfCare only Reference(HmCase)
* episodeOfCare ^short = "The case that it belongs to"
* basedOn MS
* basedOn only Reference(HmReferral)
* basedOn ^short = "Earlier referrals that this activity carries out"
* participant 1..* MS
* participant.type 1..1
* participant.individual 1..1
* participant.individual only Reference(HmMediatorRole or HmRelatedPerson)
* participant ^slicing.discriminator.type = #value
* participant ^slicing.discriminator.path = "type"
* participant ^slicing.rules = #open
* participant contains mediator 1..1 MS and companion 0..* MS
* participant[mediator] ^short = "The mediator does the work (PPRF), assists (SPRF) or interprets"
* participant[mediator].type from HmMediatorParticipationCodes (required)
* participant[mediator].individual only Reference(HmMediatorRole)
* participant[companion] ^short = "Who else was there"
* participant[companion].type = $v3-ParticipationType#PART
* participant[companion].individual only Reference(HmRelatedPerson)
* period 1..1 MS
* period.start 1..1
* period.start ^short = "Begin: a day, or a time with its zone"
* insert HmReasons
* diagnosis 0..0
* diagnosis ^short = "A mediator diagnoses nothing"
* hospitalization 0..0
* hospitalization ^short = "The stay is the hospital's own encounter: partOf"
* location 0..1 MS
* location.location only Reference(HmPlace or HmWard)
* location.location ^short = "The place of care or service, down to the ward"
* serviceProvider 1..1 MS
* serviceProvider only Reference(HmMunicipality or HmFacility)
* serviceProvider ^short = "Who provides it: the municipality, in hospital the hospital"
* partOf 0..1

Profile: HmEncounterIndividual
Parent: HmEncounter
Id: hm-encounter-individual
Title: "Activity with a person"
Description: "An activity with one person who is not an in-patient (дейност с лице). The municipality that employs the mediator provides the service."
* obeys hm-in-hospital
* subject only Reference(HmPatient)
* serviceProvider only Reference(HmMunicipality)

Profile: HmEncounterGroup
Parent: HmEncounter
Id: hm-encounter-group
Title: "Activity with a group"
Description: "A health talk or a campaign for people who are not named one by one (групова дейност)."
* obeys hm-in-hospital
* subject only Reference(HmGroup)
* episodeOfCare 0..0
* episodeOfCare ^short = "A case is of a person"
* participant[companion] 0..0
* serviceProvider only Reference(HmMunicipality)

Profile: HmEncounterHospital
Parent: HmEncounter
Id: hm-encounter-hospital
Title: "Mediation in hospital"
Description: "Mediation with an in-patient (медиация в болница): the hospital provides the care in which the mediator assists. The stay itself is the hospital's own encounter; this one is a part of it and names its number, where it is known."
* class = $v3-ActCode#IMP
* subject only Reference(HmPatient)
* serviceProvider only Reference(HmFacility)
* partOf 0..1 MS
* partOf ^short = "The stay, by the number that the hospital gave it"
* partOf.type 1..1
* partOf.type = "Encounter"
* partOf.identifier 1..1
* partOf.identifier.type 1..1
* partOf.identifier.type = $hm-identifier-kind#hospital-stay
* partOf.identifier.value 1..1
* partOf.identifier.assigner 1..1
* partOf.identifier.assigner only Reference(HmFacility)
