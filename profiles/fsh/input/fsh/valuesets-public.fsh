// Codes of public code systems that stand beside the project's own words. Every SNOMED CT code is of the Global
// Patient Set or of the International Patient Summary; ICD-10 is that of the WHO, never a national modification.

RuleSet: HmSnomed
* insert HmList
* ^copyright = "This value set includes content from SNOMED CT, which is copyright of the International Health Terminology Standards Development Organisation (IHTSDO). Its codes are of the Global Patient Set or of the International Patient Summary free set, under CC BY 4.0."

RuleSet: HmLoinc
* insert HmList
* ^copyright = "This material contains content from LOINC (http://loinc.org). LOINC is copyright Regenstrief Institute, Inc. and the Logical Observation Identifiers Names and Codes (LOINC) Committee and is available at no cost under the license at http://loinc.org/license."

ValueSet: HmActivityTypeSnomedCodes
Id: hm-activity-type-snomed
Title: "Activities of health mediators in SNOMED CT"
Description: "What SNOMED CT calls an activity, where it has a concept for it."
* insert HmSnomed
* $sct#185317003 "Telephone encounter"
* $sct#185317003 ^designation.language = #bg
* $sct#185317003 ^designation.value = "Контакт по телефона"
* $sct#3457005 "Patient referral"
* $sct#3457005 ^designation.language = #bg
* $sct#3457005 ^designation.value = "Насочване"
* $sct#169762003 "Postnatal visit"
* $sct#169762003 ^designation.language = #bg
* $sct#169762003 ^designation.value = "Посещение след раждане"
* $sct#410621008 "Well child visit, newborn"
* $sct#410621008 ^designation.language = #bg
* $sct#410621008 ^designation.value = "Преглед на новородено"
* $sct#410620009 "Well child visit"
* $sct#410620009 ^designation.language = #bg
* $sct#410620009 ^designation.value = "Детска консултация"
* $sct#424619006 "Prenatal visit"
* $sct#424619006 ^designation.language = #bg
* $sct#424619006 ^designation.value = "Посещение при бременна"
* $sct#410290005 "Family planning education, guidance, counseling"
* $sct#410290005 ^designation.language = #bg
* $sct#410290005 ^designation.value = "Консултация по семейно планиране"
* $sct#84635008 "Disease process or condition education"
* $sct#84635008 ^designation.language = #bg
* $sct#84635008 ^designation.value = "Здравно образование за заболяване"
* $sct#171128005 "Venereal disease screening"
* $sct#171128005 ^designation.language = #bg
* $sct#171128005 ^designation.value = "Скрининг за полово предавани инфекции"
* $sct#390906007 "Follow-up encounter"
* $sct#390906007 ^designation.language = #bg
* $sct#390906007 ^designation.value = "Проследяване"
* $sct#185389009 "Follow-up visit"
* $sct#185389009 ^designation.language = #bg
* $sct#185389009 ^designation.value = "Контролно посещение"
* $sct#710824005 "Assessment of health and social care needs"
* $sct#710824005 ^designation.language = #bg
* $sct#710824005 ^designation.value = "Оценка на здравните и социалните потребности"

ValueSet: HmTopicSnomedCodes
Id: hm-topic-snomed
Title: "Topics of health information in SNOMED CT"
Description: "Education of people, as SNOMED CT calls it."
* insert HmSnomed
* $sct#135892000 "Antenatal education"
* $sct#135892000 ^designation.language = #bg
* $sct#135892000 ^designation.value = "Обучение през бременността"
* $sct#17629007 "Prenatal care education"
* $sct#17629007 ^designation.language = #bg
* $sct#17629007 ^designation.value = "Обучение за грижи през бременността"
* $sct#54070000 "Postpartum education"
* $sct#54070000 ^designation.language = #bg
* $sct#54070000 ^designation.value = "Обучение след раждане"
* $sct#75461000 "Infant care education"
* $sct#75461000 ^designation.language = #bg
* $sct#75461000 ^designation.value = "Обучение за грижи за бебето"
* $sct#171044003 "Immunization education"
* $sct#171044003 ^designation.language = #bg
* $sct#171044003 ^designation.value = "Обучение за имунизациите"
* $sct#410290005 "Family planning education, guidance, counseling"
* $sct#410290005 ^designation.language = #bg
* $sct#410290005 ^designation.value = "Консултация по семейно планиране"
* $sct#84635008 "Disease process or condition education"
* $sct#84635008 ^designation.language = #bg
* $sct#84635008 ^designation.value = "Здравно образование за заболяване"

ValueSet: HmReasonPublicCodes
Id: hm-reason-public
Title: "Why a mediator acts or refers, in SNOMED CT and ICD-10"
Description: "What public code systems call a reason, where they have a concept for it."
* insert HmSnomed
* $sct#77386006 "Pregnant"
* $sct#77386006 ^designation.language = #bg
* $sct#77386006 ^designation.value = "Бременна"
* $sct#134435003 "Routine antenatal care"
* $sct#134435003 ^designation.language = #bg
* $sct#134435003 ^designation.value = "Наблюдение на бременност"
* $sct#133906008 "Postpartum care"
* $sct#133906008 ^designation.language = #bg
* $sct#133906008 ^designation.value = "Грижи след раждане"
* $sct#410621008 "Well child visit, newborn"
* $sct#410621008 ^designation.language = #bg
* $sct#410621008 ^designation.value = "Преглед на новородено"
* $sct#410620009 "Well child visit"
* $sct#410620009 ^designation.language = #bg
* $sct#410620009 ^designation.value = "Детска консултация"
* $sct#171128005 "Venereal disease screening"
* $sct#171128005 ^designation.language = #bg
* $sct#171128005 ^designation.value = "Скрининг за полово предавани инфекции"
* $icd10#Z33
* $icd10#Z30.0
* $icd10#Z11.3

ValueSet: HmBarrierSnomedCodes
Id: hm-barrier-snomed
Title: "Barriers on the way to care in SNOMED CT"
Description: "What SNOMED CT calls a barrier, where it has a concept for it."
* insert HmSnomed
* $sct#422693009 "Language barrier"
* $sct#422693009 ^designation.language = #bg
* $sct#422693009 ^designation.value = "Езикова бариера"
* $sct#735930004 "Low-level literacy"
* $sct#735930004 ^designation.language = #bg
* $sct#735930004 ^designation.value = "Ниска грамотност"
* $sct#161112004 "Illiteracy"
* $sct#161112004 ^designation.language = #bg
* $sct#161112004 ^designation.value = "Неграмотност"
* $sct#424860001 "Low income"
* $sct#424860001 ^designation.language = #bg
* $sct#424860001 ^designation.value = "Ниски доходи"
* $sct#73438004 "Unemployed"
* $sct#73438004 ^designation.language = #bg
* $sct#73438004 ^designation.value = "Безработица"
* $sct#105532006 "Overcrowded in house"
* $sct#105532006 ^designation.language = #bg
* $sct#105532006 ^designation.value = "Пренаселено жилище"
* $sct#105526001 "Homeless family"
* $sct#105526001 ^designation.language = #bg
* $sct#105526001 ^designation.value = "Бездомно семейство"

ValueSet: HmReferralSnomedCodes
Id: hm-referral-snomed
Title: "To whom a mediator refers, in SNOMED CT"
Description: "Referrals of SNOMED CT."
* insert HmSnomed
* $sct#183561008 "Referral to GP"
* $sct#183561008 ^designation.language = #bg
* $sct#183561008 ^designation.value = "Насочване към общопрактикуващ лекар"
* $sct#703978000 "Referral to primary care service"
* $sct#703978000 ^designation.language = #bg
* $sct#703978000 ^designation.value = "Насочване към първична помощ"
* $sct#308485000 "Referral to gynecologist"
* $sct#308485000 ^designation.language = #bg
* $sct#308485000 ^designation.value = "Насочване към гинеколог"
* $sct#308472003 "Referral to dermatologist"
* $sct#308472003 ^designation.language = #bg
* $sct#308472003 ^designation.value = "Насочване към дерматолог"
* $sct#183517000 "Referral to pediatrician"
* $sct#183517000 ^designation.language = #bg
* $sct#183517000 ^designation.value = "Насочване към педиатър"
* $sct#310449005 "Referral to hospital"
* $sct#310449005 ^designation.language = #bg
* $sct#310449005 ^designation.value = "Насочване към болница"
* $sct#306104004 "Referral to accident and emergency service"
* $sct#306104004 ^designation.language = #bg
* $sct#306104004 ^designation.value = "Насочване към спешна помощ"
* $sct#308440001 "Referral to social worker"
* $sct#308440001 ^designation.language = #bg
* $sct#308440001 ^designation.value = "Насочване към социален работник"

ValueSet: HmPregnancyStatusSnomedCodes
Id: hm-pregnancy-status-snomed
Title: "Pregnancy status as in the International Patient Summary"
Description: "The four codes of the International Patient Summary."
* insert HmSnomed
* $sct#77386006 "Pregnant"
* $sct#77386006 ^designation.language = #bg
* $sct#77386006 ^designation.value = "Бременна"
* $sct#60001007 "Not pregnant"
* $sct#60001007 ^designation.language = #bg
* $sct#60001007 ^designation.value = "Не е бременна"
* $sct#152231000119106 "Pregnancy not yet confirmed"
* $sct#152231000119106 ^designation.language = #bg
* $sct#152231000119106 ^designation.value = "Непотвърдена бременност"
* $sct#146799005 "Possible pregnancy"
* $sct#146799005 ^designation.language = #bg
* $sct#146799005 ^designation.value = "Възможна бременност"

ValueSet: HmReportedConditionPublicCodes
Id: hm-reported-condition-public
Title: "Syphilis in SNOMED CT and ICD-10"
Description: "Diagnoses that a paper or a clinician told a mediator."
* insert HmSnomed
* $sct#76272004 "Syphilis"
* $sct#76272004 ^designation.language = #bg
* $sct#76272004 ^designation.value = "Сифилис"
* $sct#266127002
* $sct#266127002 ^designation.language = #bg
* $sct#266127002 ^designation.value = "Първичен сифилис"
* $sct#240557004
* $sct#240557004 ^designation.language = #bg
* $sct#240557004 ^designation.value = "Вторичен сифилис"
* $sct#186867005
* $sct#186867005 ^designation.language = #bg
* $sct#186867005 ^designation.value = "Ранен латентен сифилис"
* $sct#186903006
* $sct#186903006 ^designation.language = #bg
* $sct#186903006 ^designation.value = "Късен латентен сифилис"
* $sct#35742006 "Congenital syphilis"
* $sct#35742006 ^designation.language = #bg
* $sct#35742006 ^designation.value = "Вроден сифилис"
* $icd10#A53.9

ValueSet: HmSyphilisResultSnomedCodes
Id: hm-syphilis-result-snomed
Title: "Result of a syphilis test in SNOMED CT"
Description: "Positive or negative; SNOMED CT has no concept for an indeterminate one here."
* insert HmSnomed
* $sct#165781001
* $sct#165780000

ValueSet: HmSyphilisTestLoincCodes
Id: hm-syphilis-test-loinc
Title: "Tests for syphilis in LOINC"
Description: "The tests of the project's list that LOINC has."
* insert HmLoinc
* $loinc#20507-0 "Reagin Ab [Presence] in Serum by RPR"
* $loinc#31147-2 "Reagin Ab [Titer] in Serum by RPR"
* $loinc#24110-9

ValueSet: HmMediatorParticipationCodes
Id: hm-mediator-participation
Title: "Part of the mediator in an activity"
Description: "The mediator does the work, assists somebody's, or interprets."
* insert HmList
* $v3-ParticipationType#PPRF "primary performer"
* $v3-ParticipationType#PPRF ^designation.language = #bg
* $v3-ParticipationType#PPRF ^designation.value = "основен изпълнител"
* $v3-ParticipationType#SPRF "secondary performer"
* $v3-ParticipationType#SPRF ^designation.language = #bg
* $v3-ParticipationType#SPRF ^designation.value = "помощен изпълнител"
* $participant-type#translator "Translator"
* $participant-type#translator ^designation.language = #bg
* $participant-type#translator ^designation.value = "преводач"

ValueSet: HmMediumCodes
Id: hm-medium
Title: "How health information is given"
Description: "Face to face, by phone, or from afar."
* insert HmList
* $v3-ParticipationMode#FACE "face-to-face"
* $v3-ParticipationMode#FACE ^designation.language = #bg
* $v3-ParticipationMode#FACE ^designation.value = "лично"
* $v3-ParticipationMode#PHONE "telephone"
* $v3-ParticipationMode#PHONE ^designation.language = #bg
* $v3-ParticipationMode#PHONE ^designation.value = "по телефона"
* $v3-ParticipationMode#REMOTE "remote presence"
* $v3-ParticipationMode#REMOTE ^designation.language = #bg
* $v3-ParticipationMode#REMOTE ^designation.value = "от разстояние"

ValueSet: HmTestInterpretationCodes
Id: hm-test-interpretation
Title: "Interpretation of a test"
Description: "Positive, negative, or indeterminate."
* insert HmList
* $v3-ObservationInterpretation#POS "Positive"
* $v3-ObservationInterpretation#POS ^designation.language = #bg
* $v3-ObservationInterpretation#POS ^designation.value = "положителен"
* $v3-ObservationInterpretation#NEG "Negative"
* $v3-ObservationInterpretation#NEG ^designation.language = #bg
* $v3-ObservationInterpretation#NEG ^designation.value = "отрицателен"
* $v3-ObservationInterpretation#IND "Indeterminate"
* $v3-ObservationInterpretation#IND ^designation.language = #bg
* $v3-ObservationInterpretation#IND ^designation.value = "неопределен"

ValueSet: HmConsentRuleCodes
Id: hm-consent-rule
Title: "Rule of a consent"
Description: "Everything was allowed, a part of it, or nothing."
* insert HmList
* $v3-ActCode#OPTIN "opt-in"
* $v3-ActCode#OPTIN ^designation.language = #bg
* $v3-ActCode#OPTIN ^designation.value = "съгласие"
* $v3-ActCode#OPTINR "opt-in with restrictions"
* $v3-ActCode#OPTINR ^designation.language = #bg
* $v3-ActCode#OPTINR ^designation.value = "съгласие с ограничения"
* $v3-ActCode#OPTOUT "op-out"
* $v3-ActCode#OPTOUT ^designation.language = #bg
* $v3-ActCode#OPTOUT ^designation.value = "отказ"

ValueSet: HmReportOriginCodes
Id: hm-report-origin
Title: "Who told of an immunisation"
Description: "A paper, the memory of people, or a provider."
* insert HmList
* $immunization-origin#record "Written Record"
* $immunization-origin#record ^designation.language = #bg
* $immunization-origin#record ^designation.value = "по документ"
* $immunization-origin#recall "Parent/Guardian/Patient Recall"
* $immunization-origin#recall ^designation.language = #bg
* $immunization-origin#recall ^designation.value = "по спомен"
* $immunization-origin#provider "Other Provider"
* $immunization-origin#provider ^designation.language = #bg
* $immunization-origin#provider ^designation.value = "от лекар"

ValueSet: HmRecordingCodes
Id: hm-recording
Title: "What was recorded"
Description: "A first version, a correction, or that all of it was an error."
* insert HmList
* $v3-DataOperation#CREATE "create"
* $v3-DataOperation#CREATE ^designation.language = #bg
* $v3-DataOperation#CREATE ^designation.value = "създаване"
* $v3-DataOperation#UPDATE "revise"
* $v3-DataOperation#UPDATE ^designation.language = #bg
* $v3-DataOperation#UPDATE ^designation.value = "промяна"
* $v3-DataOperation#NULLIFY "nullify"
* $v3-DataOperation#NULLIFY ^designation.language = #bg
* $v3-DataOperation#NULLIFY ^designation.value = "анулиране"

ValueSet: HmPurposeCodes
Id: hm-purpose
Title: "Why data of a person is disclosed"
Description: "HL7 v3-ActReason purposes of use that mediation knows."
* insert HmList
* $v3-ActReason#COC "coordination of care"
* $v3-ActReason#COC ^designation.language = #bg
* $v3-ActReason#COC ^designation.value = "координация на грижите"
* $v3-ActReason#TREAT "treatment"
* $v3-ActReason#TREAT ^designation.language = #bg
* $v3-ActReason#TREAT ^designation.value = "лечение"
* $v3-ActReason#CAREMGT "care management"
* $v3-ActReason#CAREMGT ^designation.language = #bg
* $v3-ActReason#CAREMGT ^designation.value = "управление на грижите"
* $v3-ActReason#PUBHLTH "public health"
* $v3-ActReason#PUBHLTH ^designation.language = #bg
* $v3-ActReason#PUBHLTH ^designation.value = "обществено здраве"
* $v3-ActReason#PATADMIN "patient administration"
* $v3-ActReason#PATADMIN ^designation.language = #bg
* $v3-ActReason#PATADMIN ^designation.value = "администриране"
* $v3-ActReason#COVERAGE "coverage under policy or program"
* $v3-ActReason#COVERAGE ^designation.language = #bg
* $v3-ActReason#COVERAGE ^designation.value = "осигуряване"
