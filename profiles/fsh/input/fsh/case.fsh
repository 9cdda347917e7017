// The case that activities belong to.

Invariant: hm-case-end
Description: "A closed case says when it was closed."
Severity: #error
Expression: "status = 'finished' implies period.end.exists()"

Profile: HmCase
Parent: EpisodeOfCare
Id: hm-case
Title: "Case"
Description: "A case of one person (случай) that a mediator works on, as the activity that wrote it last tells it. It links the activities of the case."
* insert HmSurrogate
* insert HmLabels
* insert HmIdentifierKinds
* obeys hm-case-end
* identifier contains case 1..1 MS
* identifier[case] ^short = "Number of the case, as the municipality counts"
* identifier[case].type 1..1
* identifier[case].type = $hm-identifier-kind#case
* identifier[case].value 1..1
* identifier[case].assigner 1..1
* identifier[case].assigner only Reference(HmMunicipality)
* status from HmCaseStatusCodes (required)
* status MS
* status ^short = "active or finished"
* diagnosis 0..0
* diagnosis ^short = "What a case works on are the Conditions of its plan"
* patient MS
* patient only Reference(HmPatient)
* managingOrganization 1..1 MS
* managingOrganization only Reference(HmMunicipality)
* period MS
* period ^short = "When it was closed; when it began, an activity of it does not know"
* careManager 1..1 MS
* careManager only Reference(HmMediatorRole)
* careManager ^short = "The mediator"
