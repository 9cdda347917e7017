// The state of immunisations. What lies ahead is an Observation; what was given or refused an Immunization that says that
// it is reported. National codes of vaccines are not published as a FHIR code system, so the local code is a text.

Invariant: hm-immunisation-why
Description: "What was not given says why; what was given has no such reason."
Severity: #error
Expression: "(status = 'not-done' implies statusReason.exists()) and (status = 'completed' implies statusReason.empty())"

Profile: HmImmunisationDue
Parent: HmFinding
Id: hm-immunisation-due
Title: "Immunisation that is due"
Description: "An immunisation of the national calendar that is due or overdue (предстояща или просрочена имунизация): vaccine, dose, and why it was not given."
* insert HmOwnFinding
* insert HmOfPerson
* code = $hm-finding#immunisation-status
* value[x] 1..1 MS
* value[x] only CodeableConcept
* insert HmWord(value[x], $hm-immunisation-status, HmImmunisationAheadCodes)
* dataAbsentReason 0..0
* component 1..3 MS
* component ^slicing.discriminator.type = #pattern
* component ^slicing.discriminator.path = "code"
* component ^slicing.rules = #closed
* component contains vaccine 1..1 MS and dose 0..1 MS and reason 0..1 MS
* component[vaccine].code = $hm-finding#vaccine
* component[vaccine] ^short = "Code or name of the vaccine in the local system"
* component[vaccine].value[x] 1..1
* component[vaccine].value[x] only CodeableConcept
* component[vaccine].value[x].text 1..1
* component[dose].code = $hm-finding#dose
* component[dose].value[x] 1..1
* component[dose].value[x] only integer
* component[dose].value[x] ^minValueInteger = 1
* component[dose].value[x] ^maxValueInteger = 20
* component[reason].code = $hm-finding#not-immunised-because
* component[reason].value[x] 1..1
* component[reason].value[x] only CodeableConcept
* insert HmWord(component[reason].value[x], $hm-immunisation-reason, HmImmunisationReasonCodes)

Profile: HmReportedImmunisation
Parent: Immunization
Id: hm-reported-immunisation
Title: "Reported immunisation"
Description: "An immunisation that was given or refused, as a paper, the memory of people or a provider says (съобщена имунизация). The vaccination itself is in the records of the doctor."
* insert HmSurrogate
* insert HmLabels
* obeys hm-immunisation-why
* status MS
* statusReason MS
* statusReason ^short = "Why it was not given; who refuses, objects"
* insert HmWord(statusReason, $hm-immunisation-reason, HmImmunisationReasonCodes)
* vaccineCode MS
* vaccineCode.text 1..1 MS
* vaccineCode ^short = "Code or name of the vaccine in the local system"
* patient MS
* patient only Reference(HmPatient)
* encounter 1..1 MS
* encounter only Reference(HmEncounter)
* occurrence[x] MS
* occurrence[x] ^short = "Day, or the text that it is not known; of a refusal the day on which it was told"
* recorded 1..1 MS
* primarySource 1..1
* primarySource = false
* primarySource ^short = "Always reported"
* reportOrigin 1..1 MS
* reportOrigin from HmReportOriginCodes (required)
* reportOrigin ^short = "A paper, what people remember, or a provider"
* performer 0..0
* performer ^short = "A mediator gives no vaccine"
* protocolApplied 0..1 MS
* protocolApplied.doseNumber[x] only positiveInt
