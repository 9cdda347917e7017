// What a case works on: needs, a pregnancy, a diagnosis that somebody reported. A mediator diagnoses nothing.

ValueSet: HmNeedVerificationCodes
Id: hm-need-verification
Title: "How sure a need is"
Description: "A mediator assesses; that a need is confirmed is for others to say."
* insert HmList
* $condition-ver-status#unconfirmed "Unconfirmed"
* $condition-ver-status#unconfirmed ^designation.language = #bg
* $condition-ver-status#unconfirmed ^designation.value = "непотвърдена"
* $condition-ver-status#entered-in-error "Entered in Error"
* $condition-ver-status#entered-in-error ^designation.language = #bg
* $condition-ver-status#entered-in-error ^designation.value = "въведена погрешно"

ValueSet: HmNeedStateCodes
Id: hm-need-state
Title: "State of a need"
Description: "Active as long as nobody says that it is over."
* insert HmList
* $condition-clinical#active "Active"
* $condition-clinical#active ^designation.language = #bg
* $condition-clinical#active ^designation.value = "в ход"
* $condition-clinical#inactive "Inactive"
* $condition-clinical#inactive ^designation.language = #bg
* $condition-clinical#inactive ^designation.value = "неактивна"
* $condition-clinical#resolved "Resolved"
* $condition-clinical#resolved ^designation.language = #bg
* $condition-clinical#resolved ^designation.value = "преодоляна"

ValueSet: HmPregnancyVerificationCodes
Id: hm-pregnancy-verification
Title: "How sure a pregnancy is"
Description: "Confirmed by a clinician, a test or a birth, or not; refuted by a clinician."
* insert HmList
* $condition-ver-status#unconfirmed "Unconfirmed"
* $condition-ver-status#unconfirmed ^designation.language = #bg
* $condition-ver-status#unconfirmed ^designation.value = "непотвърдена"
* $condition-ver-status#confirmed "Confirmed"
* $condition-ver-status#confirmed ^designation.language = #bg
* $condition-ver-status#confirmed ^designation.value = "потвърдена"
* $condition-ver-status#refuted "Refuted"
* $condition-ver-status#refuted ^designation.language = #bg
* $condition-ver-status#refuted ^designation.value = "отхвърлена"
* $condition-ver-status#entered-in-error "Entered in Error"
* $condition-ver-status#entered-in-error ^designation.language = #bg
* $condition-ver-status#entered-in-error ^designation.value = "въведена погрешно"

ValueSet: HmPregnancyStateCodes
Id: hm-pregnancy-state
Title: "State of a pregnancy as a problem"
Description: "Active, or ended; inactive when a clinician ruled it out."
* insert HmList
* $condition-clinical#active "Active"
* $condition-clinical#active ^designation.language = #bg
* $condition-clinical#active ^designation.value = "в ход"
* $condition-clinical#inactive "Inactive"
* $condition-clinical#inactive ^designation.language = #bg
* $condition-clinical#inactive ^designation.value = "неактивна"
* $condition-clinical#resolved "Resolved"
* $condition-clinical#resolved ^designation.language = #bg
* $condition-clinical#resolved ^designation.value = "приключила"

ValueSet: HmReportedVerificationCodes
Id: hm-reported-verification
Title: "How sure a reported diagnosis is"
Description: "As the paper or the clinician said."
* insert HmList
* $condition-ver-status#unconfirmed "Unconfirmed"
* $condition-ver-status#unconfirmed ^designation.language = #bg
* $condition-ver-status#unconfirmed ^designation.value = "непотвърдена"
* $condition-ver-status#provisional "Provisional"
* $condition-ver-status#provisional ^designation.language = #bg
* $condition-ver-status#provisional ^designation.value = "предварителна"
* $condition-ver-status#confirmed "Confirmed"
* $condition-ver-status#confirmed ^designation.language = #bg
* $condition-ver-status#confirmed ^designation.value = "потвърдена"
* $condition-ver-status#refuted "Refuted"
* $condition-ver-status#refuted ^designation.language = #bg
* $condition-ver-status#refuted ^designation.value = "отхвърлена"
* $condition-ver-status#entered-in-error "Entered in Error"
* $condition-ver-status#entered-in-error ^designation.language = #bg
* $condition-ver-status#entered-in-error ^designation.value = "въведена погрешно"

RuleSet: HmProblem
* insert HmSurrogate
* insert HmLabels
* clinicalStatus MS
* verificationStatus 1..1 MS
* category 1..* MS
* category ^slicing.discriminator.type = #pattern
* category ^slicing.discriminator.path = "$this"
* category ^slicing.rules = #open
* category contains problem 1..1 MS
* category[problem] = $condition-category#problem-list-item
* code 1..1 MS
* bodySite 0..0
* subject MS
* subject only Reference(HmPatient)
* encounter 1..1 MS
* encounter only Reference(HmEncounter)
* encounter ^short = "The activity that wrote it last"
* recordedDate 1..1 MS
* recordedDate ^short = "Since when it is known"
* recorder 1..1 MS
* recorder only Reference(HmMediatorRole)
* recorder ^short = "The mediator"
* asserter 0..0
* asserter ^short = "A mediator passes on what others say, and asserts no diagnosis"

Profile: HmNeed
Parent: Condition
Id: hm-need
Title: "Need of a person"
Description: "A barrier that a case plan works on (потребност). The second category tells a social need from a disease, for a receiver that does not know the codes of barriers."
* insert HmProblem
* clinicalStatus from HmNeedStateCodes (required)
* verificationStatus from HmNeedVerificationCodes (required)
* category contains barrier 1..1 MS
* category[barrier] = $hm-finding#barrier
* code ^short = "Which barrier, and what SNOMED CT calls it"
* insert HmBarrierWord(code)
* onset[x] 0..0
* abatement[x] only dateTime

Profile: HmPregnancy
Parent: Condition
Id: hm-pregnancy
Title: "Pregnancy"
Description: "A pregnancy as a case works on it (бременност), with the finding that is its evidence; resolved by its end. That a pregnancy is possible or excluded is in the pregnancy status alone."
* insert HmProblem
* insert HmAlways(sex)
* clinicalStatus from HmPregnancyStateCodes (required)
* verificationStatus from HmPregnancyVerificationCodes (required)
* code ^short = "Pregnant in SNOMED CT, and Z33 of ICD-10"
* code.coding ^slicing.discriminator.type = #value
* code.coding ^slicing.discriminator.path = "system"
* code.coding ^slicing.rules = #open
* code.coding contains snomed 1..1 MS and icd10 1..1 MS
* code.coding[snomed].system 1..1
* code.coding[snomed].system = $sct (exactly)
* code.coding[snomed].code 1..1
* code.coding[snomed].code = #77386006 (exactly)
* code.coding[icd10].system 1..1
* code.coding[icd10].system = $icd10 (exactly)
* code.coding[icd10].code 1..1
* code.coding[icd10].code = #Z33 (exactly)
* onset[x] 0..0
* abatement[x] only dateTime
* abatement[x] ^short = "Day of the birth or loss, when it is known"
* evidence 1..1 MS
* evidence.code 0..0
* evidence.detail 1..1
* evidence.detail only Reference(HmPregnancyStatusObservation or HmPregnancyOutcomeObservation)

Profile: HmReportedConditionProfile
Parent: Condition
Id: hm-reported-condition
Title: "Reported diagnosis"
Description: "Syphilis or congenital syphilis, as a paper or a clinician says (съобщена диагноза). A positive test alone makes no diagnosis."
* insert HmProblem
* insert HmAlways(std)
* verificationStatus from HmReportedVerificationCodes (required)
* insert HmWord(code, $hm-reported-condition, HmReportedConditionCodes)
* insert HmBeside(code, snomed, $sct, HmReportedConditionPublicCodes)
* insert HmBeside(code, icd10, $icd10, HmReportedConditionPublicCodes)
* code ^short = "Which diagnosis, and what SNOMED CT and ICD-10 call it"
* onset[x] only dateTime
* onset[x] MS
* abatement[x] only dateTime
* abatement[x] MS
