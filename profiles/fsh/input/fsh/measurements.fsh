// Numbers that a mediator was told or read from a paper.

Invariant: hm-positive
Description: "A measure is more than nothing."
Severity: #error
Expression: "value > 0"

RuleSet: HmMeasure
* insert HmSurrogate
* insert HmLabels
* status from HmFindingStatusCodes (required)
* status MS
* subject only Reference(HmPatient)
* encounter 1..1 MS
* encounter only Reference(HmEncounter)
* effective[x] only dateTime
* performer 1..1 MS
* performer only Reference(HmMediatorRole)
* performer ^short = "Who passes it on; a mediator measures nothing"
* value[x] 1..1
* value[x] obeys hm-positive
* component 0..0

ValueSet: HmWeightUnitCodes
Id: hm-weight-unit
Title: "Units of a birth weight"
Description: "Kilograms or grams."
* insert HmList
* $ucum#kg "kg"
* $ucum#g "g"

Profile: HmBodyWeight
Parent: $bodyweight
Id: hm-body-weight
Title: "Body weight"
Description: "Body weight (тегло), as FHIR's vital signs demand it."
* insert HmMeasure
* code.coding contains own 1..1 MS
* code.coding[own].system 1..1
* code.coding[own].system = $hm-finding (exactly)
* code.coding[own].code 1..1
* code.coding[own].code = #body-weight (exactly)

Profile: HmBodyHeight
Parent: $bodyheight
Id: hm-body-height
Title: "Body height"
Description: "Body height (ръст), as FHIR's vital signs demand it."
* insert HmMeasure
* code.coding contains own 1..1 MS
* code.coding[own].system 1..1
* code.coding[own].system = $hm-finding (exactly)
* code.coding[own].code 1..1
* code.coding[own].code = #body-height (exactly)

Profile: HmBirthWeight
Parent: HmFinding
Id: hm-birth-weight
Title: "Birth weight"
Description: "Weight at birth (тегло при раждане): of the newborn, on the day of the birth. No LOINC code of it was verified, so the code is ours."
* insert HmOwnFinding
* insert HmOfPerson
* category 1..1 MS
* category = $observation-category#vital-signs
* code = $hm-finding#birth-weight
* value[x] 1..1 MS
* value[x] only Quantity
* value[x] obeys hm-positive
* value[x] from HmWeightUnitCodes (required)
* value[x].value 1..1
* value[x].comparator 0..0
* value[x].system 1..1
* value[x].code 1..1
* dataAbsentReason 0..0
* component 0..0
* hasMember 0..0
