// What stands between the person and care, what came of the activity, and how many took part.

Invariant: hm-barrier-sdv
Description: "Violence as a barrier carries the label SDV."
Severity: #error
Expression: "coding.where(system = 'https://w3id.org/hm-fhir/CodeSystem/barrier' and code = 'violence').exists() implies %resource.meta.security.where(code = 'SDV').exists()"

Invariant: hm-outcome-said
Description: "An outcome without a value has the reason of its absence, and the note that it was made for."
Severity: #error
Expression: "value.exists() or (dataAbsentReason.exists() and note.exists())"

Invariant: hm-participants-sum
Description: "Women and men are not more than all, and children are not more than all."
Severity: #error
Expression: "(iif(component.where(code.coding.exists(code = 'participants-women')).value.ofType(integer).exists(), component.where(code.coding.exists(code = 'participants-women')).value.ofType(integer), 0) + iif(component.where(code.coding.exists(code = 'participants-men')).value.ofType(integer).exists(), component.where(code.coding.exists(code = 'participants-men')).value.ofType(integer), 0) <= value.ofType(integer)) and (component.where(code.coding.exists(code = 'participants-children')).value.ofType(integer).empty() or component.where(code.coding.exists(code = 'participants-children')).value.ofType(integer) <= value.ofType(integer))"

RuleSet: HmBarrierWord(path)
* {path} obeys hm-barrier-sdv
* insert HmWord({path}, $hm-barrier, HmBarrierCodes)
* insert HmBeside({path}, snomed, $sct, HmBarrierSnomedCodes)

Profile: HmBarrierObservation
Parent: HmFinding
Id: hm-barrier
Title: "Barrier"
Description: "One barrier between a person, or a group, and care (бариера пред достъпа). A barrier that a case plan works on is a need (Condition)."
* insert HmOwnFinding
* category 1..1 MS
* category = $observation-category#social-history
* code = $hm-finding#barrier
* value[x] 1..1 MS
* value[x] only CodeableConcept
* value[x] ^short = "Which barrier, and what SNOMED CT calls it"
* insert HmBarrierWord(value[x])
* component 0..0
* dataAbsentReason 0..0

Profile: HmOutcomeObservation
Parent: HmFinding
Id: hm-outcome
Title: "Outcome of an activity"
Description: "What came of an activity (резултат), and its note, for which an Encounter has no place. A note alone has no value, and the reason unknown."
* insert HmOwnFinding
* obeys hm-outcome-said
* code = $hm-finding#outcome
* value[x] MS
* value[x] only CodeableConcept
* value[x] from HmOutcomeCodes (required)
* dataAbsentReason = $data-absent-reason#unknown
* note 0..1 MS
* component 0..0

Profile: HmParticipants
Parent: HmFinding
Id: hm-participants
Title: "Number of participants"
Description: "How many people of a group took part in this activity, and how many of them were women, men, children (брой участници)."
* insert HmOwnFinding
* obeys hm-participants-sum
* code = $hm-finding#participants
* subject only Reference(HmGroup)
* value[x] 1..1 MS
* value[x] only integer
* value[x] ^minValueInteger = 1
* dataAbsentReason 0..0
* component ^slicing.discriminator.type = #pattern
* component ^slicing.discriminator.path = "code"
* component ^slicing.rules = #closed
* component contains women 0..1 MS and men 0..1 MS and children 0..1 MS
* component[women].code = $hm-finding#participants-women
* component[men].code = $hm-finding#participants-men
* component[children].code = $hm-finding#participants-children
* insert HmCount(component[women])
* insert HmCount(component[men])
* insert HmCount(component[children])

RuleSet: HmCount(path)
* {path}.value[x] 1..1
* {path}.value[x] only integer
* {path}.value[x] ^minValueInteger = 0
