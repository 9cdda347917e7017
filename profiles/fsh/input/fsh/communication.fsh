// Health information: what was explained or discussed.

Invariant: hm-topic-sex
Description: "A topic of sexual or reproductive health carries the label SEX."
Severity: #error
Expression: "coding.where(system = 'https://w3id.org/hm-fhir/CodeSystem/topic' and code in ('pregnancy-care' | 'family-planning')).exists() implies %resource.meta.security.where(code = 'SEX').exists()"

Invariant: hm-topic-std
Description: "A topic of sexually transmitted infections carries the label STD."
Severity: #error
Expression: "coding.where(system = 'https://w3id.org/hm-fhir/CodeSystem/topic' and code in ('sti-prevention' | 'syphilis')).exists() implies %resource.meta.security.where(code = 'STD').exists()"

Invariant: hm-topic-hiv
Description: "HIV as a topic carries the label HIV."
Severity: #error
Expression: "coding.where(system = 'https://w3id.org/hm-fhir/CodeSystem/topic' and code = 'hiv').exists() implies %resource.meta.security.where(code = 'HIV').exists()"

Invariant: hm-topic-sdv
Description: "Violence as a topic carries the label SDV."
Severity: #error
Expression: "coding.where(system = 'https://w3id.org/hm-fhir/CodeSystem/topic' and code = 'domestic-violence').exists() implies %resource.meta.security.where(code = 'SDV').exists()"

Invariant: hm-communication-sent
Description: "What was given says when; what was not given, or is only prepared, was not sent."
Severity: #error
Expression: "(status = 'completed' implies sent.exists()) and (status in ('preparation' | 'not-done') implies sent.empty())"

Profile: HmCommunication
Parent: Communication
Id: hm-communication
Title: "Health information"
Description: "One topic that a mediator explained to a person or a group, or discussed with them (здравна информация). What was said is not recorded."
* insert HmSurrogate
* insert HmLabels
* obeys hm-communication-sent
* status from HmCommunicationStatusCodes (required)
* status MS
* status ^short = "preparation, in-progress, completed, not-done, entered-in-error"
* category 1..1
* category = $communication-category#instruction
* medium 1..1 MS
* medium from HmMediumCodes (required)
* subject 1..1 MS
* subject only Reference(HmPatient or HmGroup)
* topic 1..1 MS
* insert HmWord(topic, $hm-topic, HmTopicCodes)
* insert HmBeside(topic, snomed, $sct, HmTopicSnomedCodes)
* topic obeys hm-topic-sex and hm-topic-std and hm-topic-hiv and hm-topic-sdv
* topic ^short = "What it was about, and what SNOMED CT calls it"
* encounter 1..1 MS
* encounter only Reference(HmEncounter)
* sent MS
* sent ^short = "When it was given"
* recipient 1..1 MS
* recipient only Reference(HmPatient or HmGroup)
* recipient ^short = "To whom"
* sender 1..1 MS
* sender only Reference(HmMediatorRole)
* sender ^short = "The mediator"
* payload 0..0
* payload ^short = "What was said is not recorded"
