// A request that somebody else sees the person.

Invariant: hm-nrn
Description: "The number of a doctor's referral (NRN) has 12 characters."
Severity: #error
Expression: "matches('^[0-9A-Za-z]{12}$')"

Invariant: hm-referral-own
Description: "The number of a doctor's referral (NRN) is not an identifier of this request: it is based on that referral."
Severity: #error
Expression: "identifier.type.coding.where(system = 'https://w3id.org/hm-fhir/CodeSystem/identifier-kind' and code = 'nrn').empty()"

Invariant: hm-referral-agreed
Description: "A request with a doctor's referral or an appointment is more than a proposal."
Severity: #error
Expression: "basedOn.exists() or occurrence.exists() implies intent != 'proposal'"

Invariant: hm-destination-sex
Description: "A referral to a gynaecologist carries the label SEX."
Severity: #error
Expression: "coding.where(system = 'https://w3id.org/hm-fhir/CodeSystem/referral-destination' and code = 'gynaecologist').exists() implies %resource.meta.security.where(code = 'SEX').exists()"

Invariant: hm-destination-std
Description: "A referral to a dermato-venereologist carries the label STD."
Severity: #error
Expression: "coding.where(system = 'https://w3id.org/hm-fhir/CodeSystem/referral-destination' and code = 'dermato-venereologist').exists() implies %resource.meta.security.where(code = 'STD').exists()"

Profile: HmReferral
Parent: ServiceRequest
Id: hm-referral
Title: "Referral by a health mediator"
Description: "A request that a GP, specialist, hospital, laboratory, social service or other place sees a person or a group (насочване), in the pattern of SDOH Clinical Care and BSeR. It never replaces a doctor's referral: where there is one, this request is based on it and names its number (НРН). Its way at the receiver is the Task that has it as focus."
* insert HmSurrogate
* insert HmLabels
* obeys hm-referral-own and hm-referral-agreed
* basedOn 0..1 MS
* basedOn only Reference(ServiceRequest)
* basedOn ^short = "The doctor's referral in the national system, by its number (NRN)"
* basedOn.type 1..1
* basedOn.type = "ServiceRequest"
* basedOn.identifier 1..1 MS
* basedOn.identifier.type 1..1
* basedOn.identifier.type = $hm-identifier-kind#nrn
* basedOn.identifier.value 1..1 MS
* basedOn.identifier.value obeys hm-nrn
* status from HmReferralStatusCodes (required)
* status MS
* status ^short = "draft while it is only planned; revoked when its activity did not happen"
* intent from HmReferralIntentCodes (required)
* intent MS
* intent ^short = "proposal; plan once a doctor or the receiver agreed; order where mediators may order"
* category 1..1 MS
* category = $sct#3457005
* category ^short = "Patient referral"
* priority 1..1 MS
* priority ^short = "How urgent"
* doNotPerform 0..0
* code 1..1 MS
* insert HmWord(code, $hm-referral-destination, HmReferralDestinationCodes)
* insert HmBeside(code, snomed, $sct, HmReferralSnomedCodes)
* code obeys hm-destination-sex and hm-destination-std
* code ^short = "To whom, and what SNOMED CT calls it"
* subject MS
* subject only Reference(HmPatient or HmGroup)
* subject ^short = "Who is referred"
* encounter 1..1 MS
* encounter only Reference(HmEncounter)
* encounter ^short = "The activity in which the mediator referred"
* occurrence[x] MS
* occurrence[x] only dateTime or Period
* occurrence[x] ^short = "The appointment, when there is one"
* authoredOn 1..1 MS
* authoredOn ^short = "When the person was referred"
* requester 1..1 MS
* requester only Reference(HmMediatorRole)
* requester ^short = "The mediator, for the municipality"
* performer 0..1 MS
* performer only Reference(HmFacility)
* performer ^short = "The facility that shall see the person, when it is known"
* locationReference 0..1 MS
* locationReference only Reference(HmPlace or HmWard)
* locationReference ^short = "Where, down to the ward"
* insert HmReasons
* specimen 0..0
* bodySite 0..0
* note MS
* note ^short = "Free text of the mediator"
