// What a person allowed a mediator.

Invariant: hm-consent-refused
Description: "Who refused, permits nothing."
Severity: #error
Expression: "policyRule.coding.where(code = 'OPTOUT').exists() implies provision.provision.all(type = 'deny')"

Invariant: hm-consent-withdrawn
Description: "A consent that was withdrawn permits nothing."
Severity: #error
Expression: "status = 'inactive' implies provision.provision.all(type = 'deny')"

Invariant: hm-consent-whole
Description: "Who allowed everything, denies nothing; who allowed a part of it, permits something and denies something."
Severity: #error
Expression: "status = 'active' implies (policyRule.coding.where(code = 'OPTIN').exists() implies provision.provision.all(type = 'permit')) and (policyRule.coding.where(code = 'OPTINR').exists() implies provision.provision.where(type = 'permit').exists() and provision.provision.where(type = 'deny').exists())"

Profile: HmConsent
Parent: Consent
Id: hm-consent
Title: "Consent to mediation"
Description: "What a person, or who decides for them, allowed the mediator (съгласие): mediation with its records, and that data is passed on. One for person and municipality, so that a withdrawal ends what was given. A refusal is active (OPTOUT); what was withdrawn is inactive, and denied from its last day. In the pattern of SDOH Clinical Care."
* insert HmSurrogate
* insert HmLabels
* obeys hm-consent-refused and hm-consent-withdrawn and hm-consent-whole
* status from HmConsentStatusCodes (required)
* status MS
* status ^short = "active: given or refused; inactive: withdrawn"
* scope = $consentscope#patient-privacy
* category 1..1
* category = $v3-ActCode#IDSCL
* patient 1..1 MS
* patient only Reference(HmPatient)
* dateTime 1..1 MS
* dateTime ^short = "Day of the decision"
* performer 1..1 MS
* performer only Reference(HmPatient or HmRelatedPerson)
* performer ^short = "Who decided"
* organization 1..1 MS
* organization only Reference(HmMunicipality)
* source[x] only Reference(DocumentReference)
* source[x] MS
* source[x] ^short = "The signed paper, by its number"
* source[x].identifier 1..1
* source[x].identifier.type 1..1
* source[x].identifier.type = $hm-identifier-kind#consent-paper
* source[x].identifier.value 1..1
* source[x].identifier.assigner 1..1
* source[x].identifier.assigner only Reference(HmMunicipality)
* policyRule 1..1 MS
* policyRule ^short = "OPTIN all, OPTINR a part, OPTOUT nothing"
* policyRule from HmConsentRuleCodes (required)
* provision 1..1 MS
* provision.type 0..0
* provision.type ^short = "Each rule inside has its type"
* provision.period MS
* provision.period ^short = "Since when, and until when it was given"
* provision.provision 1..2 MS
* provision.provision.type 1..1 MS
* provision.provision.actor 1..1 MS
* provision.provision.actor.reference only Reference(HmMediatorRole or HmMunicipality)
* provision.provision.action 1..1 MS
* insert HmWord(provision.provision.action, $hm-consent-coverage, HmConsentCoverageCodes)
* provision.provision.purpose 1..1
* provision.provision.purpose = $v3-ActReason#COC
* provision.provision.provision 0..0
* provision.provision ^slicing.discriminator.type = #pattern
* provision.provision ^slicing.discriminator.path = "action"
* provision.provision ^slicing.rules = #closed
* provision.provision contains mediation 0..1 MS and sharing 0..1 MS
* provision.provision[mediation] ^short = "Mediation, and records of it: the mediator gets to know"
* provision.provision[mediation].action = $hm-consent-coverage#mediation
* provision.provision[mediation].actor.role = $v3-ParticipationType#IRCP
* provision.provision[mediation].actor.reference only Reference(HmMediatorRole)
* provision.provision[sharing] ^short = "Passing on data to those who treat or serve: the municipality discloses"
* provision.provision[sharing].action = $hm-consent-coverage#sharing
* provision.provision[sharing].actor.role = $v3-ParticipationType#CST
* provision.provision[sharing].actor.reference only Reference(HmMunicipality)
