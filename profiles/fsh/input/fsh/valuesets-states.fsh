// States: the part of a required FHIR value set that this project uses, so that a receiver knows what it can get.

ValueSet: HmEncounterClassCodes
Id: hm-encounter-class
Title: "Where an activity of a health mediator takes place"
Description: "HL7 v3-ActCode classes: at home (HH), outside of home and facility (FLD), from afar (VR), in a practice or out-patient department (AMB), with an in-patient (IMP)."
* insert HmList
* $v3-ActCode#HH "home health"
* $v3-ActCode#HH ^designation.language = #bg
* $v3-ActCode#HH ^designation.value = "в дома"
* $v3-ActCode#FLD "field"
* $v3-ActCode#FLD ^designation.language = #bg
* $v3-ActCode#FLD ^designation.value = "на терен"
* $v3-ActCode#VR "virtual"
* $v3-ActCode#VR ^designation.language = #bg
* $v3-ActCode#VR ^designation.value = "от разстояние"
* $v3-ActCode#AMB "ambulatory"
* $v3-ActCode#AMB ^designation.language = #bg
* $v3-ActCode#AMB ^designation.value = "амбулаторно"
* $v3-ActCode#IMP "inpatient encounter"
* $v3-ActCode#IMP ^designation.language = #bg
* $v3-ActCode#IMP ^designation.value = "в стационар"

ValueSet: HmEncounterStatusCodes
Id: hm-encounter-status
Title: "State of an encounter with a health mediator"
Description: "An activity that was cancelled or not done is a cancelled encounter; that it was not done is told by its outcome."
* insert HmList
* http://hl7.org/fhir/encounter-status#planned "Planned"
* http://hl7.org/fhir/encounter-status#planned ^designation.language = #bg
* http://hl7.org/fhir/encounter-status#planned ^designation.value = "планирана"
* http://hl7.org/fhir/encounter-status#in-progress "In Progress"
* http://hl7.org/fhir/encounter-status#in-progress ^designation.language = #bg
* http://hl7.org/fhir/encounter-status#in-progress ^designation.value = "в ход"
* http://hl7.org/fhir/encounter-status#finished "Finished"
* http://hl7.org/fhir/encounter-status#finished ^designation.language = #bg
* http://hl7.org/fhir/encounter-status#finished ^designation.value = "завършена"
* http://hl7.org/fhir/encounter-status#cancelled "Cancelled"
* http://hl7.org/fhir/encounter-status#cancelled ^designation.language = #bg
* http://hl7.org/fhir/encounter-status#cancelled ^designation.value = "отменена"
* http://hl7.org/fhir/encounter-status#entered-in-error "Entered in Error"
* http://hl7.org/fhir/encounter-status#entered-in-error ^designation.language = #bg
* http://hl7.org/fhir/encounter-status#entered-in-error ^designation.value = "въведена погрешно"

ValueSet: HmFindingStatusCodes
Id: hm-finding-status
Title: "State of a finding"
Description: "Final once the activity took place (or was called off: what was learned stays true); preliminary before."
* insert HmList
* http://hl7.org/fhir/observation-status#preliminary "Preliminary"
* http://hl7.org/fhir/observation-status#preliminary ^designation.language = #bg
* http://hl7.org/fhir/observation-status#preliminary ^designation.value = "предварителна"
* http://hl7.org/fhir/observation-status#final "Final"
* http://hl7.org/fhir/observation-status#final ^designation.language = #bg
* http://hl7.org/fhir/observation-status#final ^designation.value = "окончателна"
* http://hl7.org/fhir/observation-status#entered-in-error "Entered in Error"
* http://hl7.org/fhir/observation-status#entered-in-error ^designation.language = #bg
* http://hl7.org/fhir/observation-status#entered-in-error ^designation.value = "въведена погрешно"

ValueSet: HmTestStatusCodes
Id: hm-test-status
Title: "State of a test that a person is linked to"
Description: "Registered as long as there is no result; final with a result; cancelled when it will not be done."
* insert HmList
* http://hl7.org/fhir/observation-status#registered "Registered"
* http://hl7.org/fhir/observation-status#registered ^designation.language = #bg
* http://hl7.org/fhir/observation-status#registered ^designation.value = "заявено"
* http://hl7.org/fhir/observation-status#final "Final"
* http://hl7.org/fhir/observation-status#final ^designation.language = #bg
* http://hl7.org/fhir/observation-status#final ^designation.value = "окончателно"
* http://hl7.org/fhir/observation-status#cancelled "Cancelled"
* http://hl7.org/fhir/observation-status#cancelled ^designation.language = #bg
* http://hl7.org/fhir/observation-status#cancelled ^designation.value = "отменено"
* http://hl7.org/fhir/observation-status#entered-in-error "Entered in Error"
* http://hl7.org/fhir/observation-status#entered-in-error ^designation.language = #bg
* http://hl7.org/fhir/observation-status#entered-in-error ^designation.value = "въведено погрешно"

ValueSet: HmReferralStatusCodes
Id: hm-referral-status
Title: "State of a referral by a health mediator"
Description: "A draft while the activity is only planned, revoked when it did not happen. The way of the referral at the receiver is the status of its Task."
* insert HmList
* http://hl7.org/fhir/request-status#draft "Draft"
* http://hl7.org/fhir/request-status#draft ^designation.language = #bg
* http://hl7.org/fhir/request-status#draft ^designation.value = "чернова"
* http://hl7.org/fhir/request-status#active "Active"
* http://hl7.org/fhir/request-status#active ^designation.language = #bg
* http://hl7.org/fhir/request-status#active ^designation.value = "действащо"
* http://hl7.org/fhir/request-status#on-hold "On Hold"
* http://hl7.org/fhir/request-status#on-hold ^designation.language = #bg
* http://hl7.org/fhir/request-status#on-hold ^designation.value = "спряно"
* http://hl7.org/fhir/request-status#revoked "Revoked"
* http://hl7.org/fhir/request-status#revoked ^designation.language = #bg
* http://hl7.org/fhir/request-status#revoked ^designation.value = "оттеглено"
* http://hl7.org/fhir/request-status#completed "Completed"
* http://hl7.org/fhir/request-status#completed ^designation.language = #bg
* http://hl7.org/fhir/request-status#completed ^designation.value = "изпълнено"
* http://hl7.org/fhir/request-status#entered-in-error "Entered in Error"
* http://hl7.org/fhir/request-status#entered-in-error ^designation.language = #bg
* http://hl7.org/fhir/request-status#entered-in-error ^designation.value = "въведено погрешно"

ValueSet: HmReferralIntentCodes
Id: hm-referral-intent
Title: "Authority of a referral by a health mediator"
Description: "A proposal; a plan, once a doctor or the receiver agreed; an order only where the municipality lets its mediators order. It never replaces a doctor's referral."
* insert HmList
* http://hl7.org/fhir/request-intent#proposal "Proposal"
* http://hl7.org/fhir/request-intent#proposal ^designation.language = #bg
* http://hl7.org/fhir/request-intent#proposal ^designation.value = "предложение"
* http://hl7.org/fhir/request-intent#plan "Plan"
* http://hl7.org/fhir/request-intent#plan ^designation.language = #bg
* http://hl7.org/fhir/request-intent#plan ^designation.value = "план"
* http://hl7.org/fhir/request-intent#order "Order"
* http://hl7.org/fhir/request-intent#order ^designation.language = #bg
* http://hl7.org/fhir/request-intent#order ^designation.value = "нареждане"

ValueSet: HmReferralTaskStatusCodes
Id: hm-referral-task-status
Title: "State of a referral at its receiver"
Description: "The sender writes draft, requested, cancelled, completed and entered-in-error; all else is the receiver's word. Without received and ready, as in the pattern of SDOH Clinical Care."
* insert HmList
* http://hl7.org/fhir/task-status#draft "Draft"
* http://hl7.org/fhir/task-status#draft ^designation.language = #bg
* http://hl7.org/fhir/task-status#draft ^designation.value = "чернова"
* http://hl7.org/fhir/task-status#requested "Requested"
* http://hl7.org/fhir/task-status#requested ^designation.language = #bg
* http://hl7.org/fhir/task-status#requested ^designation.value = "поискана"
* http://hl7.org/fhir/task-status#accepted "Accepted"
* http://hl7.org/fhir/task-status#accepted ^designation.language = #bg
* http://hl7.org/fhir/task-status#accepted ^designation.value = "приета"
* http://hl7.org/fhir/task-status#rejected "Rejected"
* http://hl7.org/fhir/task-status#rejected ^designation.language = #bg
* http://hl7.org/fhir/task-status#rejected ^designation.value = "отказана"
* http://hl7.org/fhir/task-status#in-progress "In Progress"
* http://hl7.org/fhir/task-status#in-progress ^designation.language = #bg
* http://hl7.org/fhir/task-status#in-progress ^designation.value = "в ход"
* http://hl7.org/fhir/task-status#on-hold "On Hold"
* http://hl7.org/fhir/task-status#on-hold ^designation.language = #bg
* http://hl7.org/fhir/task-status#on-hold ^designation.value = "спряна"
* http://hl7.org/fhir/task-status#completed "Completed"
* http://hl7.org/fhir/task-status#completed ^designation.language = #bg
* http://hl7.org/fhir/task-status#completed ^designation.value = "изпълнена"
* http://hl7.org/fhir/task-status#failed "Failed"
* http://hl7.org/fhir/task-status#failed ^designation.language = #bg
* http://hl7.org/fhir/task-status#failed ^designation.value = "неуспешна"
* http://hl7.org/fhir/task-status#cancelled "Cancelled"
* http://hl7.org/fhir/task-status#cancelled ^designation.language = #bg
* http://hl7.org/fhir/task-status#cancelled ^designation.value = "отменена"
* http://hl7.org/fhir/task-status#entered-in-error "Entered in Error"
* http://hl7.org/fhir/task-status#entered-in-error ^designation.language = #bg
* http://hl7.org/fhir/task-status#entered-in-error ^designation.value = "въведена погрешно"

ValueSet: HmCaseStatusCodes
Id: hm-case-status
Title: "State of a case"
Description: "A case is worked on, or closed."
* insert HmList
* http://hl7.org/fhir/episode-of-care-status#active "Active"
* http://hl7.org/fhir/episode-of-care-status#active ^designation.language = #bg
* http://hl7.org/fhir/episode-of-care-status#active ^designation.value = "отворен"
* http://hl7.org/fhir/episode-of-care-status#finished "Finished"
* http://hl7.org/fhir/episode-of-care-status#finished ^designation.language = #bg
* http://hl7.org/fhir/episode-of-care-status#finished ^designation.value = "приключен"
* http://hl7.org/fhir/episode-of-care-status#entered-in-error "Entered in Error"
* http://hl7.org/fhir/episode-of-care-status#entered-in-error ^designation.language = #bg
* http://hl7.org/fhir/episode-of-care-status#entered-in-error ^designation.value = "въведен погрешно"

ValueSet: HmPlanStatusCodes
Id: hm-plan-status
Title: "State of a case plan"
Description: "A draft when it is only intended; revoked when its activity did not happen, or the case was closed before the end."
* insert HmList
* http://hl7.org/fhir/request-status#draft "Draft"
* http://hl7.org/fhir/request-status#draft ^designation.language = #bg
* http://hl7.org/fhir/request-status#draft ^designation.value = "чернова"
* http://hl7.org/fhir/request-status#active "Active"
* http://hl7.org/fhir/request-status#active ^designation.language = #bg
* http://hl7.org/fhir/request-status#active ^designation.value = "действащ"
* http://hl7.org/fhir/request-status#on-hold "On Hold"
* http://hl7.org/fhir/request-status#on-hold ^designation.language = #bg
* http://hl7.org/fhir/request-status#on-hold ^designation.value = "спрян"
* http://hl7.org/fhir/request-status#completed "Completed"
* http://hl7.org/fhir/request-status#completed ^designation.language = #bg
* http://hl7.org/fhir/request-status#completed ^designation.value = "изпълнен"
* http://hl7.org/fhir/request-status#revoked "Revoked"
* http://hl7.org/fhir/request-status#revoked ^designation.language = #bg
* http://hl7.org/fhir/request-status#revoked ^designation.value = "оттеглен"
* http://hl7.org/fhir/request-status#entered-in-error "Entered in Error"
* http://hl7.org/fhir/request-status#entered-in-error ^designation.language = #bg
* http://hl7.org/fhir/request-status#entered-in-error ^designation.value = "въведен погрешно"

ValueSet: HmGoalStatusCodes
Id: hm-goal-status
Title: "State of a goal"
Description: "A goal is planned, worked on, on hold, reached, or given up."
* insert HmList
* http://hl7.org/fhir/goal-status#planned "Planned"
* http://hl7.org/fhir/goal-status#planned ^designation.language = #bg
* http://hl7.org/fhir/goal-status#planned ^designation.value = "планирана"
* http://hl7.org/fhir/goal-status#active "Active"
* http://hl7.org/fhir/goal-status#active ^designation.language = #bg
* http://hl7.org/fhir/goal-status#active ^designation.value = "действаща"
* http://hl7.org/fhir/goal-status#on-hold "On Hold"
* http://hl7.org/fhir/goal-status#on-hold ^designation.language = #bg
* http://hl7.org/fhir/goal-status#on-hold ^designation.value = "спряна"
* http://hl7.org/fhir/goal-status#completed "Completed"
* http://hl7.org/fhir/goal-status#completed ^designation.language = #bg
* http://hl7.org/fhir/goal-status#completed ^designation.value = "изпълнена"
* http://hl7.org/fhir/goal-status#cancelled "Cancelled"
* http://hl7.org/fhir/goal-status#cancelled ^designation.language = #bg
* http://hl7.org/fhir/goal-status#cancelled ^designation.value = "отменена"
* http://hl7.org/fhir/goal-status#entered-in-error "Entered in Error"
* http://hl7.org/fhir/goal-status#entered-in-error ^designation.language = #bg
* http://hl7.org/fhir/goal-status#entered-in-error ^designation.value = "въведена погрешно"

ValueSet: HmGoalAchievementCodes
Id: hm-goal-achievement
Title: "How far a goal is reached"
Description: "The part of FHIR's goal-achievement that mediators use."
* insert HmList
* $goal-achievement#in-progress "In Progress"
* $goal-achievement#in-progress ^designation.language = #bg
* $goal-achievement#in-progress ^designation.value = "в ход"
* $goal-achievement#achieved "Achieved"
* $goal-achievement#achieved ^designation.language = #bg
* $goal-achievement#achieved ^designation.value = "постигната"
* $goal-achievement#not-achieved "Not Achieved"
* $goal-achievement#not-achieved ^designation.language = #bg
* $goal-achievement#not-achieved ^designation.value = "непостигната"
* $goal-achievement#not-attainable "Not Attainable"
* $goal-achievement#not-attainable ^designation.language = #bg
* $goal-achievement#not-attainable ^designation.value = "непостижима"

ValueSet: HmStepStatusCodes
Id: hm-step-status
Title: "State of a step of a case plan"
Description: "What remains when a case is closed is cancelled."
* insert HmList
* http://hl7.org/fhir/care-plan-activity-status#not-started "Not Started"
* http://hl7.org/fhir/care-plan-activity-status#not-started ^designation.language = #bg
* http://hl7.org/fhir/care-plan-activity-status#not-started ^designation.value = "незапочната"
* http://hl7.org/fhir/care-plan-activity-status#scheduled "Scheduled"
* http://hl7.org/fhir/care-plan-activity-status#scheduled ^designation.language = #bg
* http://hl7.org/fhir/care-plan-activity-status#scheduled ^designation.value = "насрочена"
* http://hl7.org/fhir/care-plan-activity-status#in-progress "In Progress"
* http://hl7.org/fhir/care-plan-activity-status#in-progress ^designation.language = #bg
* http://hl7.org/fhir/care-plan-activity-status#in-progress ^designation.value = "в ход"
* http://hl7.org/fhir/care-plan-activity-status#completed "Completed"
* http://hl7.org/fhir/care-plan-activity-status#completed ^designation.language = #bg
* http://hl7.org/fhir/care-plan-activity-status#completed ^designation.value = "завършена"
* http://hl7.org/fhir/care-plan-activity-status#cancelled "Cancelled"
* http://hl7.org/fhir/care-plan-activity-status#cancelled ^designation.language = #bg
* http://hl7.org/fhir/care-plan-activity-status#cancelled ^designation.value = "отменена"

ValueSet: HmStepKindCodes
Id: hm-step-kind
Title: "Kind of a step of a case plan"
Description: "A referral is a request to somebody else; all else is the mediator's own work."
* insert HmList
* http://hl7.org/fhir/resource-types#ServiceRequest "ServiceRequest"
* http://hl7.org/fhir/resource-types#ServiceRequest ^designation.language = #bg
* http://hl7.org/fhir/resource-types#ServiceRequest ^designation.value = "насочване"
* http://hl7.org/fhir/resource-types#Task "Task"
* http://hl7.org/fhir/resource-types#Task ^designation.language = #bg
* http://hl7.org/fhir/resource-types#Task ^designation.value = "задача"

ValueSet: HmCommunicationStatusCodes
Id: hm-communication-status
Title: "State of health information that a mediator gives"
Description: "Prepared, given, or not given."
* insert HmList
* http://hl7.org/fhir/event-status#preparation "Preparation"
* http://hl7.org/fhir/event-status#preparation ^designation.language = #bg
* http://hl7.org/fhir/event-status#preparation ^designation.value = "в подготовка"
* http://hl7.org/fhir/event-status#in-progress "In Progress"
* http://hl7.org/fhir/event-status#in-progress ^designation.language = #bg
* http://hl7.org/fhir/event-status#in-progress ^designation.value = "в ход"
* http://hl7.org/fhir/event-status#completed "Completed"
* http://hl7.org/fhir/event-status#completed ^designation.language = #bg
* http://hl7.org/fhir/event-status#completed ^designation.value = "завършена"
* http://hl7.org/fhir/event-status#not-done "Not Done"
* http://hl7.org/fhir/event-status#not-done ^designation.language = #bg
* http://hl7.org/fhir/event-status#not-done ^designation.value = "неизвършена"
* http://hl7.org/fhir/event-status#entered-in-error "Entered in Error"
* http://hl7.org/fhir/event-status#entered-in-error ^designation.language = #bg
* http://hl7.org/fhir/event-status#entered-in-error ^designation.value = "въведена погрешно"

ValueSet: HmConsentStatusCodes
Id: hm-consent-status
Title: "State of a consent"
Description: "Active: given or refused. Inactive: withdrawn."
* insert HmList
* http://hl7.org/fhir/consent-state-codes#active "Active"
* http://hl7.org/fhir/consent-state-codes#active ^designation.language = #bg
* http://hl7.org/fhir/consent-state-codes#active ^designation.value = "в сила"
* http://hl7.org/fhir/consent-state-codes#inactive "Inactive"
* http://hl7.org/fhir/consent-state-codes#inactive ^designation.language = #bg
* http://hl7.org/fhir/consent-state-codes#inactive ^designation.value = "оттеглено"
* http://hl7.org/fhir/consent-state-codes#entered-in-error "Entered in Error"
* http://hl7.org/fhir/consent-state-codes#entered-in-error ^designation.language = #bg
* http://hl7.org/fhir/consent-state-codes#entered-in-error ^designation.value = "въведено погрешно"

ValueSet: HmDocumentStatusCodes
Id: hm-document-status
Title: "State of the record of a paper"
Description: "A record of a paper holds, or is an error."
* insert HmList
* http://hl7.org/fhir/document-reference-status#current "Current"
* http://hl7.org/fhir/document-reference-status#current ^designation.language = #bg
* http://hl7.org/fhir/document-reference-status#current ^designation.value = "валиден"
* http://hl7.org/fhir/document-reference-status#entered-in-error "Entered in Error"
* http://hl7.org/fhir/document-reference-status#entered-in-error ^designation.language = #bg
* http://hl7.org/fhir/document-reference-status#entered-in-error ^designation.value = "въведен погрешно"

ValueSet: HmBundleMethodCodes
Id: hm-bundle-method
Title: "How a resource of a delivery is written"
Description: "PUT with the id of the sender, or conditional; POST where the receiver gives ids. Nothing is ever deleted."
* insert HmList
* http://hl7.org/fhir/http-verb#PUT "PUT"
* http://hl7.org/fhir/http-verb#POST "POST"
