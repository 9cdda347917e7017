// What the steps of the plans are: the work of a mediator, by the type of the activity that carries it out. A referral
// also says to whom. A case plan takes `kind` and `code` for CarePlan.activity.detail.

RuleSet: Step(id, name, kind, activity, english, bulgarian)
* insert Published(ActivityDefinition, {id})
* name = "{name}"
* title = {english}
* insert Translated(title, bg, [[{bulgarian}]])
* description = {english}
* kind = #{kind}
* intent = #plan
* code.coding[+] = https://w3id.org/hm-fhir/CodeSystem/activity-type#{activity}
* participant.type = #practitioner

RuleSet: ReferralStep(id, name, destination, english, bulgarian)
* insert Step({id}, {name}, ServiceRequest, referral, [[{english}]], [[{bulgarian}]])
* code.coding[+] = https://w3id.org/hm-fhir/CodeSystem/referral-destination#{destination}

Instance: hm-step-home-visit
InstanceOf: ActivityDefinition
Usage: #definition
* insert Step(hm-step-home-visit, HmStepHomeVisit, Task, home-visit, "Visit at home", "Домашно посещение")

Instance: hm-step-phone-contact
InstanceOf: ActivityDefinition
Usage: #definition
* insert Step(hm-step-phone-contact, HmStepPhoneContact, Task, phone-contact, "Call by phone", "Контакт по телефона")

Instance: hm-step-accompaniment
InstanceOf: ActivityDefinition
Usage: #definition
* insert Step(hm-step-accompaniment, HmStepAccompaniment, Task, accompaniment, "Come along to care", "Придружаване")

Instance: hm-step-gp-registration
InstanceOf: ActivityDefinition
Usage: #definition
* insert Step(hm-step-gp-registration, HmStepGpRegistration, Task, gp-registration, "Help to register with a GP", "Помощ при избор на личен лекар")

Instance: hm-step-insurance-help
InstanceOf: ActivityDefinition
Usage: #definition
* insert Step(hm-step-insurance-help, HmStepInsuranceHelp, Task, insurance-help, "Help with health insurance", "Помощ със здравното осигуряване")

Instance: hm-step-postpartum-visit
InstanceOf: ActivityDefinition
Usage: #definition
* insert Step(hm-step-postpartum-visit, HmStepPostpartumVisit, Task, postpartum-visit, "Visit mother and newborn", "Посещение на родилка и новородено")

Instance: hm-step-immunisation-recall
InstanceOf: ActivityDefinition
Usage: #definition
* insert Step(hm-step-immunisation-recall, HmStepImmunisationRecall, Task, immunisation-recall, "Find the family and speak about the immunisation", "Издирване на семейството и разговор за имунизацията")

Instance: hm-step-syphilis-test
InstanceOf: ActivityDefinition
Usage: #definition
* insert Step(hm-step-syphilis-test, HmStepSyphilisTest, Task, syphilis-test, "See to the syphilis test and its result", "Изследване за сифилис и резултат")

Instance: hm-step-syphilis-follow-up
InstanceOf: ActivityDefinition
Usage: #definition
* insert Step(hm-step-syphilis-follow-up, HmStepSyphilisFollowUp, Task, syphilis-follow-up, "Follow the treatment of syphilis", "Проследяване на лечение на сифилис")

Instance: hm-step-partner-notification
InstanceOf: ActivityDefinition
Usage: #definition
* insert Step(hm-step-partner-notification, HmStepPartnerNotification, Task, partner-notification, "Help to notify partners", "Уведомяване на партньори")

Instance: hm-step-congenital-syphilis-follow-up
InstanceOf: ActivityDefinition
Usage: #definition
* insert Step(hm-step-congenital-syphilis-follow-up, HmStepCongenitalSyphilisFollowUp, Task, congenital-syphilis-follow-up, "See that the newborn is examined and tested", "Преглед и изследване на новороденото")

Instance: hm-step-case-closure
InstanceOf: ActivityDefinition
Usage: #definition
* insert Step(hm-step-case-closure, HmStepCaseClosure, Task, case-closure, "Close the case", "Приключване на случая")

Instance: hm-step-refer-to-gp
InstanceOf: ActivityDefinition
Usage: #definition
* insert ReferralStep(hm-step-refer-to-gp, HmStepReferToGp, gp, "Refer to the GP", "Насочване към личния лекар")

Instance: hm-step-refer-to-gynaecologist
InstanceOf: ActivityDefinition
Usage: #definition
* insert ReferralStep(hm-step-refer-to-gynaecologist, HmStepReferToGynaecologist, gynaecologist, "Refer to a gynaecologist", "Насочване към акушер-гинеколог")

Instance: hm-step-refer-to-dermato-venereologist
InstanceOf: ActivityDefinition
Usage: #definition
* insert ReferralStep(hm-step-refer-to-dermato-venereologist, HmStepReferToDermatoVenereologist, dermato-venereologist, "Refer to a dermato-venereologist", "Насочване към дермато-венеролог")

Instance: hm-step-refer-to-paediatrician
InstanceOf: ActivityDefinition
Usage: #definition
* insert ReferralStep(hm-step-refer-to-paediatrician, HmStepReferToPaediatrician, paediatrician, "Refer to a paediatrician", "Насочване към педиатър")

Instance: hm-step-refer-to-hospital
InstanceOf: ActivityDefinition
Usage: #definition
* insert ReferralStep(hm-step-refer-to-hospital, HmStepReferToHospital, hospital, "Refer to the hospital", "Насочване към болницата")
