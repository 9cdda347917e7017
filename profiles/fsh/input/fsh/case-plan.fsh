// The plan for one person's case.

Invariant: hm-plan-revoked
Description: "In a plan that was revoked nothing is to be done any more."
Severity: #error
Expression: "status = 'revoked' implies activity.detail.all(status = 'completed' or status = 'cancelled')"

Profile: HmCasePlan
Parent: CarePlan
Id: hm-case-plan
Title: "Case plan"
Description: "The plan that a mediator and a person made for a case (план за работа по случай): goals, and steps until a day. A case has one plan for each person; it is no care plan of a clinician."
* insert HmSurrogate
* insert HmLabels
* obeys hm-plan-revoked
* status from HmPlanStatusCodes (required)
* status MS
* status ^short = "draft, active, on-hold, completed, revoked, entered-in-error"
* intent = #plan
* title 1..1 MS
* subject MS
* subject only Reference(HmPatient)
* subject ^short = "Whose plan it is"
* encounter 1..1 MS
* encounter only Reference(HmEncounter)
* encounter ^short = "The activity that wrote it last"
* period MS
* period ^short = "Since when it holds as it is here, and when the case was closed"
* author 1..1 MS
* author only Reference(HmMediatorRole)
* author ^short = "The mediator"
* addresses MS
* addresses only Reference(HmNeed or HmPregnancy or HmReportedConditionProfile)
* addresses ^short = "Needs, pregnancy and diagnoses that the case works on"
* goal MS
* goal only Reference(HmCaseGoal)
* goal ^short = "What shall be reached"
* activity MS
* activity ^short = "Steps"
* activity.reference 0..0
* activity.detail 1..1 MS
* activity.detail.kind 1..1 MS
* activity.detail.kind from HmStepKindCodes (required)
* activity.detail.code 1..1 MS
* insert HmWord(activity.detail.code, $hm-activity-type, HmActivityTypeCodes)
* insert HmBeside(activity.detail.code, snomed, $sct, HmActivityTypeSnomedCodes)
* activity.detail.code obeys hm-type-std and hm-type-sex
* activity.detail.code ^short = "Which activity, and what SNOMED CT calls it"
* activity.detail.status from HmStepStatusCodes (required)
* activity.detail.status MS
* activity.detail.doNotPerform 0..0
* activity.detail.scheduled[x] only Period
* activity.detail.scheduled[x] MS
* activity.detail.scheduled[x] ^short = "Until when: its end"
* activity.detail.scheduled[x].end 1..1
* activity.detail.performer 1..1 MS
* activity.detail.performer only Reference(HmMediatorRole)
* activity.detail.performer ^short = "The mediator"
