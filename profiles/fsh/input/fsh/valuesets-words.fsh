// Value sets of the project's own words. Each code has an English and a Bulgarian name in its code system.

ValueSet: HmActivityTypeCodes
Id: hm-activity-type
Title: "Activities of health mediators"
Description: "Activities of health mediators: all codes of the code system activity-type."
* insert HmList
* include codes from system $hm-activity-type

ValueSet: HmTopicCodes
Id: hm-topic
Title: "Topics of health information"
Description: "Topics of health information: all codes of the code system topic."
* insert HmList
* include codes from system $hm-topic

ValueSet: HmReasonCodes
Id: hm-reason
Title: "Why a mediator acts or refers"
Description: "Why a mediator acts or refers: all codes of the code system reason."
* insert HmList
* include codes from system $hm-reason

ValueSet: HmBarrierCodes
Id: hm-barrier
Title: "Barriers on the way to care"
Description: "Barriers on the way to care: all codes of the code system barrier."
* insert HmList
* include codes from system $hm-barrier

ValueSet: HmReferralDestinationCodes
Id: hm-referral-destination
Title: "To whom a mediator refers"
Description: "To whom a mediator refers: all codes of the code system referral-destination."
* insert HmList
* include codes from system $hm-referral-destination

ValueSet: HmReferralProgressCodes
Id: hm-referral-progress
Title: "Business status of a referral"
Description: "Business status of a referral: all codes of the code system referral-progress."
* insert HmList
* include codes from system $hm-referral-progress

ValueSet: HmGoalCodes
Id: hm-goal
Title: "Goals of a case plan"
Description: "Goals of a case plan: all codes of the code system goal."
* insert HmList
* include codes from system $hm-goal

ValueSet: HmSettingCodes
Id: hm-setting
Title: "Where a mediator works"
Description: "Where a mediator works: all codes of the code system setting."
* insert HmList
* include codes from system $hm-setting

ValueSet: HmSpecialtyCodes
Id: hm-specialty
Title: "Medical specialties of places of care"
Description: "Medical specialties of places of care: all codes of the code system specialty."
* insert HmList
* include codes from system $hm-specialty

ValueSet: HmFacilityKindCodes
Id: hm-facility-kind
Title: "Places of care and service"
Description: "Places of care and service: all codes of the code system facility-kind."
* insert HmList
* include codes from system $hm-facility-kind

ValueSet: HmPregnancyStatusCodes
Id: hm-pregnancy-status
Title: "Pregnancy status"
Description: "Pregnancy status: all codes of the code system pregnancy-status."
* insert HmList
* include codes from system $hm-pregnancy-status

ValueSet: HmPregnancyOutcomeCodes
Id: hm-pregnancy-outcome
Title: "How a pregnancy ended"
Description: "How a pregnancy ended: all codes of the code system pregnancy-outcome."
* insert HmList
* include codes from system $hm-pregnancy-outcome

ValueSet: HmTestKindCodes
Id: hm-test-kind
Title: "Tests that a mediator links people to"
Description: "Tests that a mediator links people to: all codes of the code system test-kind."
* insert HmList
* include codes from system $hm-test-kind

ValueSet: HmTestResultCodes
Id: hm-test-result
Title: "Result of a test"
Description: "Result of a test: all codes of the code system test-result."
* insert HmList
* include codes from system $hm-test-result

ValueSet: HmReportedConditionCodes
Id: hm-reported-condition
Title: "Diagnoses that are reported to a health mediator"
Description: "Diagnoses that are reported to a health mediator: all codes of the code system reported-condition."
* insert HmList
* include codes from system $hm-reported-condition

ValueSet: HmImmunisationReasonCodes
Id: hm-immunisation-reason
Title: "Why an immunisation was not given"
Description: "Why an immunisation was not given: all codes of the code system immunisation-reason."
* insert HmList
* include codes from system $hm-immunisation-reason

ValueSet: HmDocumentKindCodes
Id: hm-document-kind
Title: "Papers that a mediator helps with"
Description: "Papers that a mediator helps with: all codes of the code system document-kind."
* insert HmList
* include codes from system $hm-document-kind

ValueSet: HmDocumentStepCodes
Id: hm-document-step
Title: "What was done with a paper"
Description: "What was done with a paper: all codes of the code system document-step."
* insert HmList
* include codes from system $hm-document-step

ValueSet: HmConsentCoverageCodes
Id: hm-consent-coverage
Title: "What a person allows a mediator"
Description: "What a person allows a mediator: all codes of the code system consent-coverage."
* insert HmList
* include codes from system $hm-consent-coverage

ValueSet: HmOutcomeCodes
Id: hm-outcome
Title: "What came of an activity"
Description: "Outcomes of an activity, and that it was not done: an Encounter only knows that it was cancelled."
* insert HmList
* include codes from system $hm-outcome
* $hm-activity-status#not-done "Not done"

ValueSet: HmSyphilisTestCodes
Id: hm-syphilis-test
Title: "Tests for syphilis"
Description: "Tests for syphilis that a mediator links people to."
* insert HmList
* $hm-test-kind#syphilis-rapid "Syphilis rapid test"
* $hm-test-kind#syphilis-rapid ^designation.language = #bg
* $hm-test-kind#syphilis-rapid ^designation.value = "Бърз тест за сифилис"
* $hm-test-kind#syphilis-rpr "Syphilis RPR"
* $hm-test-kind#syphilis-rpr ^designation.language = #bg
* $hm-test-kind#syphilis-rpr ^designation.value = "RPR за сифилис"
* $hm-test-kind#syphilis-rpr-titre "Syphilis RPR titre"
* $hm-test-kind#syphilis-rpr-titre ^designation.language = #bg
* $hm-test-kind#syphilis-rpr-titre ^designation.value = "RPR титър"
* $hm-test-kind#syphilis-treponemal "Syphilis treponemal test"
* $hm-test-kind#syphilis-treponemal ^designation.language = #bg
* $hm-test-kind#syphilis-treponemal ^designation.value = "Трепонемен тест за сифилис"

ValueSet: HmImmunisationAheadCodes
Id: hm-immunisation-ahead
Title: "State of an immunisation that lies ahead"
Description: "An immunisation that is due or overdue. What was given or refused is an Immunization."
* insert HmList
* $hm-immunisation-status#due "Due"
* $hm-immunisation-status#due ^designation.language = #bg
* $hm-immunisation-status#due ^designation.value = "Предстояща"
* $hm-immunisation-status#overdue "Overdue"
* $hm-immunisation-status#overdue ^designation.language = #bg
* $hm-immunisation-status#overdue ^designation.value = "Просрочена"

ValueSet: HmIndicatorCodes
Id: hm-indicator
Title: "What an indicator report counts"
Description: "Counts of activities by type, of what came of them, of barriers, of goals, of topics, of pregnancies, tests and immunisations, and of people who took part: the words that the activities themselves use."
* insert HmList
* include codes from system $hm-activity-type
* include codes from system $hm-outcome
* include codes from system $hm-barrier
* include codes from system $hm-goal
* include codes from system $hm-referral-progress
* include codes from system $hm-pregnancy-status
* include codes from system $hm-pregnancy-outcome
* include codes from system $hm-immunisation-status
* include codes from system $hm-test-result
* include codes from system $hm-topic
* $hm-finding#participants "Number of participants"
* $hm-finding#participants ^designation.language = #bg
* $hm-finding#participants ^designation.value = "Брой участници"
* $hm-finding#participants-women "Number of women"
* $hm-finding#participants-women ^designation.language = #bg
* $hm-finding#participants-women ^designation.value = "Брой жени"
* $hm-finding#participants-men "Number of men"
* $hm-finding#participants-men ^designation.language = #bg
* $hm-finding#participants-men ^designation.value = "Брой мъже"
* $hm-finding#participants-children "Number of children under 18"
* $hm-finding#participants-children ^designation.language = #bg
* $hm-finding#participants-children ^designation.value = "Брой деца под 18 години"
