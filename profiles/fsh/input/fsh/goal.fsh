// What a case plan wants to reach.

Invariant: hm-goal-achieved
Description: "Nobody works on a goal that is achieved."
Severity: #error
Expression: "achievementStatus.coding.where(code = 'achieved').exists() implies lifecycleStatus in ('completed' | 'cancelled' | 'entered-in-error')"

Invariant: hm-goal-sex
Description: "A goal of sexual or reproductive health carries the label SEX."
Severity: #error
Expression: "coding.where(system = 'https://w3id.org/hm-fhir/CodeSystem/goal' and code in ('antenatal-care-started' | 'safe-birth' | 'contraception-chosen')).exists() implies %resource.meta.security.where(code = 'SEX').exists()"

Invariant: hm-goal-std
Description: "A goal about syphilis carries the label STD."
Severity: #error
Expression: "coding.where(system = 'https://w3id.org/hm-fhir/CodeSystem/goal' and code in ('syphilis-tested' | 'syphilis-treated')).exists() implies %resource.meta.security.where(code = 'STD').exists()"

Invariant: hm-goal-sdv
Description: "A goal about violence carries the label SDV."
Severity: #error
Expression: "coding.where(system = 'https://w3id.org/hm-fhir/CodeSystem/goal' and code = 'safe-from-violence').exists() implies %resource.meta.security.where(code = 'SDV').exists()"

Profile: HmCaseGoal
Parent: Goal
Id: hm-goal
Title: "Goal of a case plan"
Description: "What a person and the mediator want to reach (цел), until when, and how far it is. It addresses only what it is about, never all that the person has."
* insert HmSurrogate
* insert HmLabels
* obeys hm-goal-achieved
* lifecycleStatus from HmGoalStatusCodes (required)
* lifecycleStatus MS
* lifecycleStatus ^short = "planned, active, on-hold, completed, cancelled, entered-in-error"
* achievementStatus MS
* achievementStatus ^short = "How far it is, when that is known"
* achievementStatus from HmGoalAchievementCodes (required)
* description MS
* description ^short = "Which goal"
* insert HmWord(description, $hm-goal, HmGoalCodes)
* description obeys hm-goal-sex and hm-goal-std and hm-goal-sdv
* subject MS
* subject only Reference(HmPatient)
* target 0..1 MS
* target ^short = "Until when"
* target.measure 0..0
* target.due[x] only date
* target.due[x] 1..1
* statusDate 1..1 MS
* statusDate ^short = "Day on which this status was told"
* expressedBy 1..1 MS
* expressedBy only Reference(HmMediatorRole)
* expressedBy ^short = "The mediator, who agreed it with the person"
* addresses MS
* addresses only Reference(HmNeed or HmPregnancy or HmReportedConditionProfile)
* addresses ^short = "What the goal is about"
