// What is known of a pregnancy. LOINC codes as in the International Patient Summary and WHO antenatal care.

RuleSet: HmPregnancyFinding
* insert HmOwnFinding
* insert HmOfPerson
* insert HmAlways(sex)
* component 0..0
* dataAbsentReason 0..0
* value[x] 1..1 MS

Profile: HmPregnancyStatusObservation
Parent: HmFinding
Id: hm-pregnancy-status
Title: "Pregnancy status"
Description: "Whether a woman is pregnant (бременност), with the code of the International Patient Summary beside our own. What was told with it (expected delivery, gestational age, last period) are its members."
* insert HmPregnancyFinding
* code = $loinc#82810-3
* value[x] only CodeableConcept
* insert HmWord(value[x], $hm-pregnancy-status, HmPregnancyStatusCodes)
* value[x].coding contains snomed 1..1 MS
* value[x].coding[snomed] ^short = "As in the International Patient Summary"
// Extensible: a server that has no LOINC or SNOMED CT cannot decide a required binding and would refuse what is right.
* value[x].coding[snomed] from HmPregnancyStatusSnomedCodes (extensible)
* value[x].coding[snomed].system 1..1
* value[x].coding[snomed].system = $sct (exactly)
* value[x].coding[snomed].code 1..1
* hasMember 0..3 MS
* hasMember only Reference(HmExpectedDelivery or HmGestationalAge or HmLastMenstrualPeriod)

Profile: HmExpectedDelivery
Parent: HmFinding
Id: hm-expected-delivery
Title: "Expected date of delivery"
Description: "The expected day of the birth (вероятен термин)."
* insert HmPregnancyFinding
* code = $loinc#11778-8
* value[x] only dateTime
* hasMember 0..0

Invariant: hm-weeks
Description: "A gestational age is 1 to 45 completed weeks."
Severity: #error
Expression: "value >= 1 and value <= 45 and value mod 1 = 0"

Profile: HmGestationalAge
Parent: HmFinding
Id: hm-gestational-age
Title: "Gestational age"
Description: "Completed weeks of the pregnancy on the day of the activity (гестационна възраст)."
* insert HmPregnancyFinding
* code = $loinc#18185-9
* value[x] only Quantity
* value[x] obeys hm-weeks
* value[x].value 1..1
* value[x].comparator 0..0
* value[x].unit 1..1
* value[x].system 1..1
* value[x].system = $ucum (exactly)
* value[x].code 1..1
* value[x].code = #wk (exactly)
* hasMember 0..0

Profile: HmLastMenstrualPeriod
Parent: HmFinding
Id: hm-last-menstrual-period
Title: "Last menstrual period"
Description: "First day of the last menstrual period (ПРМ)."
* insert HmPregnancyFinding
* code = $hm-finding#last-menstrual-period
* value[x] only dateTime
* hasMember 0..0

Profile: HmGravida
Parent: HmFinding
Id: hm-gravida
Title: "Number of pregnancies"
Description: "Number of pregnancies with this one (поредна бременност)."
* insert HmPregnancyFinding
* code = $loinc#11996-6
* value[x] only integer
* value[x] ^minValueInteger = 1
* value[x] ^maxValueInteger = 30
* hasMember 0..0

Profile: HmAntenatalCare
Parent: HmFinding
Id: hm-antenatal-care
Title: "Antenatal care"
Description: "Whether a doctor follows the pregnancy (проследяване на бременността)."
* insert HmPregnancyFinding
* code = $hm-finding#antenatal-care
* value[x] only boolean
* hasMember 0..0

Profile: HmPregnancyOutcomeObservation
Parent: HmFinding
Id: hm-pregnancy-outcome
Title: "How a pregnancy ended"
Description: "Birth or loss (изход от бременността), on the day of it when it is known."
* insert HmPregnancyFinding
* code = $hm-finding#pregnancy-outcome
* value[x] only CodeableConcept
* insert HmWord(value[x], $hm-pregnancy-outcome, HmPregnancyOutcomeCodes)
* hasMember 0..0
