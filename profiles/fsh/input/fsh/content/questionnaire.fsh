// The form that a mediator fills in on a phone. The linkId of a question is the path of its field in an activity
// (docs/reference/activity-model.md), so that an answer says by itself where it belongs; they never change.
// What the form does not ask is known: who fills it in (QuestionnaireResponse.author), when (authored, the version of
// the activity), its number (identifier), and the municipality of the author.

RuleSet: Item(linkId, type, bulgarian, english)
* linkId = "{linkId}"
* type = #{type}
* text = {bulgarian}
* insert Translated(text, en, [[{english}]])

RuleSet: Choice(linkId, bulgarian, english, valueSet)
* linkId = "{linkId}"
* type = #choice
* text = {bulgarian}
* insert Translated(text, en, [[{english}]])
* answerValueSet = "{valueSet}"

RuleSet: Option(code, bulgarian)
* answerOption[+].valueCoding = {code}
* insert Translated(answerOption[=].valueCoding.display, bg, [[{bulgarian}]])

Instance: hm-visit-form
InstanceOf: Questionnaire
Usage: #definition
* insert Published(Questionnaire, hm-visit-form)
* name = "HmVisitForm"
* title = "Посещение на здравен медиатор"
* insert Translated(title, en, "Visit of a health mediator")
* language = #bg
* description = """
  What a mediator notes on a phone during or after a visit. The linkId of each question is the path of a field in the
  activity model of hm-fhir, and never changes. Of the questions that a form shows, only type, begin and setting must be
  answered, and either a person or a group. No question asks for ethnicity. The mediator is QuestionnaireResponse.author,
  the time of the record is QuestionnaireResponse.authored, its number QuestionnaireResponse.identifier.
  """
* purpose = "One form for every type of activity; a municipality hides what its mediators do not need."
* copyright = "Apache-2.0"
* subjectType[0] = #Patient
* subjectType[1] = #Group


// ---- what, when, where
* item[+]
  * insert Item(visit, group, [["Посещение"]], [["Visit"]])
  * item[+]
    * insert Choice(type, [["Вид дейност"]], [["Type of activity"]], https://w3id.org/hm-fhir/ValueSet/hm-activity-type)
    * required = true
  * item[+]
    * insert Choice(status, [["Състояние"]], [["State"]], https://w3id.org/hm-fhir/ValueSet/hm-activity-status)
    * initial[+].valueCoding = https://w3id.org/hm-fhir/CodeSystem/activity-status#completed
  * item[+]
    * insert Item(period.start, dateTime, [["Начало"]], [["Begin"]])
    * required = true
  * item[+]
    * insert Item(period.end, dateTime, [["Край"]], [["End"]])
  * item[+]
    * insert Choice(setting, [["Къде"]], [["Where"]], https://w3id.org/hm-fhir/ValueSet/hm-setting)
    * required = true
  * item[+]
    * insert Item(facility.local_id, string, [["Код на заведението, в което се състоя"]], [["Code of the facility where it took place"]])
  * item[+]
    * insert Item(hospital_stay, string, [["Номер на болничния престой"]], [["Number of the stay in hospital"]])
    * enableWhen[+].question = "setting"
    * enableWhen[=].operator = #=
    * enableWhen[=].answerCoding = https://w3id.org/hm-fhir/CodeSystem/setting#hospital
  * item[+]
    * insert Item(case_id, string, [["Номер на случая"]], [["Number of the case"]])

// ---- who
* item[+]
  * insert Item(persons, group, [["Лице"]], [["Person"]])
  * repeats = true
  * enableWhen[+].question = "type"
  * enableWhen[=].operator = #!=
  * enableWhen[=].answerCoding = https://w3id.org/hm-fhir/CodeSystem/activity-type#group-health-talk
  * item[+]
    * insert Choice(persons.role, [["Участие"]], [["Part in the activity"]], https://w3id.org/hm-fhir/ValueSet/hm-person-role)
    * initial[+].valueCoding = https://w3id.org/hm-fhir/CodeSystem/person-role#subject
  * item[+]
    * insert Item(persons.local_id, string, [["Номер при медиатора"]], [["Number with the mediator"]])
  * item[+]
    * insert Item(persons.formerly, string, [["Предишни номера при медиатора"]], [["Former numbers with the mediator"]])
    * repeats = true
  * item[+]
    * insert Item(persons.identifiers, group, [["Личен номер"]], [["National number"]])
    * repeats = true
    * item[+]
      * insert Item(persons.identifiers.kind, choice, [["Вид на номера"]], [["Kind of the number"]])
      * insert Option([[https://w3id.org/hm-fhir/CodeSystem/identifier-kind#egn "EGN, the Bulgarian national number"]], [["ЕГН"]])
      * insert Option([[https://w3id.org/hm-fhir/CodeSystem/identifier-kind#lnch "LNCh, the number of a foreigner in Bulgaria"]], [["ЛНЧ"]])
      * insert Option([[https://w3id.org/hm-fhir/CodeSystem/identifier-kind#nhis-newborn "Temporary number of a newborn in the NHIS"]], [["Временен номер на новородено в НЗИС"]])
      * insert Option([[https://w3id.org/hm-fhir/CodeSystem/identifier-kind#passport "Passport number"]], [["Номер на паспорт"]])
    * item[+]
      * insert Item(persons.identifiers.value, string, [["Номер"]], [["Number"]])
      * required = true
      // Not everybody has a number, and many forms also demand what is required in a group that is left empty.
      * enableWhen[+].question = "persons.identifiers.kind"
      * enableWhen[=].operator = #exists
      * enableWhen[=].answerBoolean = true
  * item[+]
    * insert Item(persons.name.given, string, [["Име и презиме"]], [["Given and middle names"]])
    * repeats = true
  * item[+]
    * insert Item(persons.name.family, string, [["Фамилия"]], [["Family name"]])
  * item[+]
    * insert Item(persons.birth_date, date, [["Дата на раждане"]], [["Date of birth"]])
  * item[+]
    * insert Item(persons.gender, choice, [["Пол"]], [["Gender"]])
    * insert Option([[http://hl7.org/fhir/administrative-gender#female "Female"]], [["Жена"]])
    * insert Option([[http://hl7.org/fhir/administrative-gender#male "Male"]], [["Мъж"]])
    * insert Option([[http://hl7.org/fhir/administrative-gender#other "Other"]], [["Друг"]])
    * insert Option([[http://hl7.org/fhir/administrative-gender#unknown "Unknown"]], [["Неизвестен"]])
  * item[+]
    * insert Item(persons.phone, string, [["Телефон"]], [["Telephone"]])
  * item[+]
    * insert Item(persons.language, string, [["Код на предпочитания език"]], [["Code of the preferred language"]])
    * maxLength = 6
  * item[+]
    * insert Item(persons.address.ekatte, string, [["Код на населеното място по ЕКАТТЕ"]], [["EKATTE code of the settlement"]])
    * maxLength = 5
  * item[+]
    * insert Item(persons.address.settlement, string, [["Населено място"]], [["Settlement"]])
  * item[+]
    * insert Item(persons.address.district, string, [["Квартал"]], [["Neighbourhood"]])
  * item[+]
    * insert Item(persons.address.line, string, [["Улица, номер, вход"]], [["Street, number, entrance"]])
* item[+]
  * insert Item(group, group, [["Група"]], [["Group"]])
  * enableWhen[+].question = "type"
  * enableWhen[=].operator = #=
  * enableWhen[=].answerCoding = https://w3id.org/hm-fhir/CodeSystem/activity-type#group-health-talk
  * enableWhen[+].question = "type"
  * enableWhen[=].operator = #=
  * enableWhen[=].answerCoding = https://w3id.org/hm-fhir/CodeSystem/activity-type#screening-campaign
  * enableBehavior = #any
  * item[+]
    * insert Item(group.local_id, string, [["Номер на групата"]], [["Number of the group"]])
  * item[+]
    * insert Item(group.size, integer, [["Брой участници"]], [["Number of participants"]])
    * required = true
    // A screening can be of one person, too: then nobody is counted.
    * enableWhen[+].question = "persons.local_id"
    * enableWhen[=].operator = #exists
    * enableWhen[=].answerBoolean = false
    * enableWhen[+].question = "persons.identifiers.kind"
    * enableWhen[=].operator = #exists
    * enableWhen[=].answerBoolean = false
    * enableWhen[+].question = "persons.name.given"
    * enableWhen[=].operator = #exists
    * enableWhen[=].answerBoolean = false
    * enableWhen[+].question = "persons.name.family"
    * enableWhen[=].operator = #exists
    * enableWhen[=].answerBoolean = false
    * enableBehavior = #all
  * item[+]
    * insert Item(group.women, integer, [["От тях жени"]], [["Of them women"]])
  * item[+]
    * insert Item(group.men, integer, [["От тях мъже"]], [["Of them men"]])
  * item[+]
    * insert Item(group.children, integer, [["От тях деца под 18 години"]], [["Of them children under 18"]])

// ---- why, and what was talked about
* item[+]
  * insert Item(content, group, [["Повод и съдържание"]], [["Reason and content"]])
  * item[+]
    * insert Choice(reasons, [["Повод"]], [["Reasons"]], https://w3id.org/hm-fhir/ValueSet/hm-reason)
    * repeats = true
  * item[+]
    * insert Choice(topics, [["Теми"]], [["Topics"]], https://w3id.org/hm-fhir/ValueSet/hm-topic)
    * repeats = true
  * item[+]
    * insert Choice(barriers, [["Бариери пред достъпа до грижи"]], [["Barriers on the way to care"]], https://w3id.org/hm-fhir/ValueSet/hm-barrier)
    * repeats = true

// ---- what was learned
* item[+]
  * insert Item(findings.pregnancy, group, [["Бременност"]], [["Pregnancy"]])
  * enableWhen[+].question = "type"
  * enableWhen[=].operator = #!=
  * enableWhen[=].answerCoding = https://w3id.org/hm-fhir/CodeSystem/activity-type#group-health-talk
  * item[+]
    * insert Choice(findings.pregnancy.status, [["Състояние"]], [["Status"]], https://w3id.org/hm-fhir/ValueSet/hm-pregnancy-status)
  * item[+]
    * insert Item(findings.pregnancy.confirmed, boolean, [["Потвърдена от лекар или тест"]], [["Confirmed by a clinician or a test"]])
    * enableWhen[+].question = "findings.pregnancy.status"
    * enableWhen[=].operator = #exists
    * enableWhen[=].answerBoolean = true
  * item[+]
    * insert Item(findings.pregnancy.last_menstrual_period, date, [["Първи ден на последната менструация"]], [["First day of the last menstrual period"]])
    * enableWhen[+].question = "findings.pregnancy.status"
    * enableWhen[=].operator = #exists
    * enableWhen[=].answerBoolean = true
  * item[+]
    * insert Item(findings.pregnancy.expected_delivery, date, [["Вероятен термин"]], [["Expected date of delivery"]])
    * enableWhen[+].question = "findings.pregnancy.status"
    * enableWhen[=].operator = #exists
    * enableWhen[=].answerBoolean = true
  * item[+]
    * insert Item(findings.pregnancy.gestational_age_weeks, integer, [["Навършени гестационни седмици"]], [["Completed weeks of pregnancy"]])
    * enableWhen[+].question = "findings.pregnancy.status"
    * enableWhen[=].operator = #exists
    * enableWhen[=].answerBoolean = true
  * item[+]
    * insert Item(findings.pregnancy.gravida, integer, [["Поредна бременност"]], [["Number of pregnancies with this one"]])
    * enableWhen[+].question = "findings.pregnancy.status"
    * enableWhen[=].operator = #exists
    * enableWhen[=].answerBoolean = true
  * item[+]
    * insert Item(findings.pregnancy.antenatal_care, boolean, [["Лекар проследява бременността"]], [["A doctor follows the pregnancy"]])
    * enableWhen[+].question = "findings.pregnancy.status"
    * enableWhen[=].operator = #exists
    * enableWhen[=].answerBoolean = true
  * item[+]
    * insert Choice(findings.pregnancy.outcome, [["Изход от бременността"]], [["How the pregnancy ended"]], https://w3id.org/hm-fhir/ValueSet/hm-pregnancy-outcome)
    * enableWhen[+].question = "findings.pregnancy.status"
    * enableWhen[=].operator = #=
    * enableWhen[=].answerCoding = https://w3id.org/hm-fhir/CodeSystem/pregnancy-status#not-pregnant
  * item[+]
    * insert Item(findings.pregnancy.ended_on, date, [["Ден на раждането или загубата"]], [["Day of the birth or loss"]])
    * enableWhen[+].question = "findings.pregnancy.outcome"
    * enableWhen[=].operator = #exists
    * enableWhen[=].answerBoolean = true
* item[+]
  * insert Item(findings.tests, group, [["Изследване"]], [["Test"]])
  * repeats = true
  * enableWhen[+].question = "type"
  * enableWhen[=].operator = #!=
  * enableWhen[=].answerCoding = https://w3id.org/hm-fhir/CodeSystem/activity-type#group-health-talk
  * item[+]
    * insert Choice(findings.tests.kind, [["Кое изследване"]], [["Which test"]], https://w3id.org/hm-fhir/ValueSet/hm-test-kind)
  * item[+]
    * insert Item(findings.tests.done_on, date, [["Ден на изследването"]], [["Day of the test"]])
  * item[+]
    * insert Choice(findings.tests.result, [["Резултат"]], [["Result"]], https://w3id.org/hm-fhir/ValueSet/hm-test-result)
    * enableWhen[+].question = "findings.tests.done_on"
    * enableWhen[=].operator = #exists
    * enableWhen[=].answerBoolean = true
  * item[+]
    * insert Item(findings.tests.titre, integer, [["Титър: 8 при 1:8"]], [["Titre: 8 for 1:8"]])
  * item[+]
    * insert Item(findings.tests.facility.local_id, string, [["Код на лабораторията"]], [["Code of the laboratory"]])
* item[+]
  * insert Item(findings.conditions, group, [["Диагноза от документ или лекар"]], [["Diagnosis as a paper or a doctor says"]])
  * repeats = true
  * enableWhen[+].question = "type"
  * enableWhen[=].operator = #!=
  * enableWhen[=].answerCoding = https://w3id.org/hm-fhir/CodeSystem/activity-type#group-health-talk
  * item[+]
    * insert Choice(findings.conditions.code, [["Диагноза"]], [["Diagnosis"]], https://w3id.org/hm-fhir/ValueSet/hm-reported-condition)
  * item[+]
    * insert Item(findings.conditions.verification, choice, [["Потвърждение"]], [["Verification"]])
    * insert Option([[http://terminology.hl7.org/CodeSystem/condition-ver-status#unconfirmed "Unconfirmed"]], [["Непотвърдена"]])
    * insert Option([[http://terminology.hl7.org/CodeSystem/condition-ver-status#provisional "Provisional"]], [["Временна"]])
    * insert Option([[http://terminology.hl7.org/CodeSystem/condition-ver-status#confirmed "Confirmed"]], [["Потвърдена"]])
    * insert Option([[http://terminology.hl7.org/CodeSystem/condition-ver-status#refuted "Refuted"]], [["Отхвърлена"]])
  * item[+]
    * insert Item(findings.conditions.status, choice, [["Протичане"]], [["Course"]])
    * insert Option([[http://terminology.hl7.org/CodeSystem/condition-clinical#active "Active"]], [["Активна"]])
    * insert Option([[http://terminology.hl7.org/CodeSystem/condition-clinical#recurrence "Recurrence"]], [["Повторна"]])
    * insert Option([[http://terminology.hl7.org/CodeSystem/condition-clinical#inactive "Inactive"]], [["Неактивна"]])
    * insert Option([[http://terminology.hl7.org/CodeSystem/condition-clinical#remission "Remission"]], [["В ремисия"]])
    * insert Option([[http://terminology.hl7.org/CodeSystem/condition-clinical#resolved "Resolved"]], [["Излекувана"]])
  * item[+]
    * insert Item(findings.conditions.onset, date, [["Начало на заболяването"]], [["Begin of the disease"]])
  * item[+]
    * insert Item(findings.conditions.ended_on, date, [["Край на заболяването"]], [["End of the disease"]])
* item[+]
  * insert Item(findings.immunisations, group, [["Имунизация"]], [["Immunisation"]])
  * repeats = true
  * enableWhen[+].question = "type"
  * enableWhen[=].operator = #!=
  * enableWhen[=].answerCoding = https://w3id.org/hm-fhir/CodeSystem/activity-type#group-health-talk
  * item[+]
    * insert Item(findings.immunisations.vaccine, string, [["Ваксина: код от календара"]], [["Vaccine: code of the calendar"]])
  * item[+]
    * insert Choice(findings.immunisations.status, [["Състояние"]], [["State"]], https://w3id.org/hm-fhir/ValueSet/hm-immunisation-status)
  * item[+]
    * insert Item(findings.immunisations.dose, integer, [["Поредна доза"]], [["Number of the dose"]])
  * item[+]
    * insert Item(findings.immunisations.given_on, date, [["Ден на поставяне"]], [["Day on which it was given"]])
    * enableWhen[+].question = "findings.immunisations.status"
    * enableWhen[=].operator = #=
    * enableWhen[=].answerCoding = https://w3id.org/hm-fhir/CodeSystem/immunisation-status#given
  * item[+]
    * insert Item(findings.immunisations.known_from, choice, [["Източник"]], [["Known from"]])
    * insert Option([[http://terminology.hl7.org/CodeSystem/immunization-origin#record "Written Record"]], [["Документ"]])
    * insert Option([[http://terminology.hl7.org/CodeSystem/immunization-origin#recall "Parent/Guardian/Patient Recall"]], [["Спомен на лицето или родителя"]])
    * insert Option([[http://terminology.hl7.org/CodeSystem/immunization-origin#provider "Other Provider"]], [["Лекар"]])
  * item[+]
    * insert Choice(findings.immunisations.reason, [["Причина за непоставяне"]], [["Why it was not given"]], https://w3id.org/hm-fhir/ValueSet/hm-immunisation-reason)
* item[+]
  * insert Item(findings.measurements, group, [["Измерване"]], [["Measurement"]])
  * repeats = true
  * enableWhen[+].question = "type"
  * enableWhen[=].operator = #!=
  * enableWhen[=].answerCoding = https://w3id.org/hm-fhir/CodeSystem/activity-type#group-health-talk
  * item[+]
    * insert Item(findings.measurements.kind, choice, [["Какво"]], [["What"]])
    * insert Option([[https://w3id.org/hm-fhir/CodeSystem/finding#body-weight "Body weight"]], [["Телесно тегло"]])
    * insert Option([[https://w3id.org/hm-fhir/CodeSystem/finding#birth-weight "Birth weight"]], [["Тегло при раждане"]])
    * insert Option([[https://w3id.org/hm-fhir/CodeSystem/finding#body-height "Body height"]], [["Ръст"]])
  * item[+]
    * insert Item(findings.measurements.value, decimal, [["Стойност"]], [["Value"]])
  * item[+]
    * insert Item(findings.measurements.unit, choice, [["Единица"]], [["Unit"]])
    * insert Option([[http://unitsofmeasure.org#kg "kg"]], [["кг"]])
    * insert Option([[http://unitsofmeasure.org#g "g"]], [["г"]])
    * insert Option([[http://unitsofmeasure.org#cm "cm"]], [["см"]])

// ---- what was started
* item[+]
  * insert Item(referral, group, [["Насочване"]], [["Referral"]])
  * item[+]
    * insert Choice(referral.destination, [["Към кого"]], [["To whom"]], https://w3id.org/hm-fhir/ValueSet/hm-referral-destination)
  * item[+]
    * insert Item(referral.facility.local_id, string, [["Код на заведението"]], [["Code of the facility"]])
    * enableWhen[+].question = "referral.destination"
    * enableWhen[=].operator = #exists
    * enableWhen[=].answerBoolean = true
  * item[+]
    * insert Choice(referral.reasons, [["Защо"]], [["Why"]], https://w3id.org/hm-fhir/ValueSet/hm-reason)
    * repeats = true
    * enableWhen[+].question = "referral.destination"
    * enableWhen[=].operator = #exists
    * enableWhen[=].answerBoolean = true
  * item[+]
    * insert Item(referral.priority, choice, [["Спешност"]], [["Priority"]])
    * enableWhen[+].question = "referral.destination"
    * enableWhen[=].operator = #exists
    * enableWhen[=].answerBoolean = true
    * insert Option([[http://hl7.org/fhir/request-priority#routine "Routine"]], [["Планово"]])
    * insert Option([[http://hl7.org/fhir/request-priority#urgent "Urgent"]], [["Спешно"]])
    * insert Option([[http://hl7.org/fhir/request-priority#asap "ASAP"]], [["Възможно най-скоро"]])
    * insert Option([[http://hl7.org/fhir/request-priority#stat "STAT"]], [["Незабавно"]])
  * item[+]
    * insert Item(referral.nrn, string, [["НРН на направлението в НЗИС"]], [["NRN of the doctor's referral in the NHIS"]])
    * maxLength = 12
    * enableWhen[+].question = "referral.destination"
    * enableWhen[=].operator = #exists
    * enableWhen[=].answerBoolean = true
  * item[+]
    * insert Item(referral.appointment.start, dateTime, [["Уговорен час"]], [["Appointment"]])
    * enableWhen[+].question = "referral.destination"
    * enableWhen[=].operator = #exists
    * enableWhen[=].answerBoolean = true
  * item[+]
    * insert Item(referral.appointment.end, dateTime, [["Край на прегледа"]], [["End of the appointment"]])
    * enableWhen[+].question = "referral.destination"
    * enableWhen[=].operator = #exists
    * enableWhen[=].answerBoolean = true
  * item[+]
    * insert Choice(referral.appointment.status, [["Какво стана с уговорения час"]], [["What became of the appointment"]], https://w3id.org/hm-fhir/ValueSet/hm-referral-progress)
    * enableWhen[+].question = "referral.destination"
    * enableWhen[=].operator = #exists
    * enableWhen[=].answerBoolean = true
  * item[+]
    * insert Item(referral.status, choice, [["Състояние на насочването"]], [["State of the referral"]])
    * enableWhen[+].question = "referral.destination"
    * enableWhen[=].operator = #exists
    * enableWhen[=].answerBoolean = true
    * insert Option([[http://hl7.org/fhir/request-status#active "Active"]], [["Активно"]])
    * insert Option([[http://hl7.org/fhir/request-status#completed "Completed"]], [["Изпълнено"]])
    * insert Option([[http://hl7.org/fhir/request-status#revoked "Revoked"]], [["Отменено"]])
* item[+]
  * insert Item(case_plan, group, [["План на случая"]], [["Case plan"]])
  * enableWhen[+].question = "type"
  * enableWhen[=].operator = #!=
  * enableWhen[=].answerCoding = https://w3id.org/hm-fhir/CodeSystem/activity-type#group-health-talk
  * item[+]
    * insert Item(case_plan.goals, group, [["Цел"]], [["Goal"]])
    * repeats = true
    * item[+]
      * insert Choice(case_plan.goals.code, [["Цел"]], [["Goal"]], https://w3id.org/hm-fhir/ValueSet/hm-goal)
    * item[+]
      * insert Item(case_plan.goals.due, date, [["Срок"]], [["Until"]])
    * item[+]
      * insert Item(case_plan.goals.achievement, choice, [["Постигане"]], [["Achievement"]])
      * insert Option([[http://terminology.hl7.org/CodeSystem/goal-achievement#in-progress "In Progress"]], [["В ход"]])
      * insert Option([[http://terminology.hl7.org/CodeSystem/goal-achievement#achieved "Achieved"]], [["Постигната"]])
      * insert Option([[http://terminology.hl7.org/CodeSystem/goal-achievement#not-achieved "Not Achieved"]], [["Непостигната"]])
      * insert Option([[http://terminology.hl7.org/CodeSystem/goal-achievement#not-attainable "Not Attainable"]], [["Непостижима"]])
  * item[+]
    * insert Item(case_plan.steps, group, [["Стъпка"]], [["Step"]])
    * repeats = true
    * item[+]
      * insert Choice(case_plan.steps.type, [["Вид дейност"]], [["Type of activity"]], https://w3id.org/hm-fhir/ValueSet/hm-activity-type)
    * item[+]
      * insert Item(case_plan.steps.due, date, [["Срок"]], [["Until"]])
* item[+]
  * insert Item(consent, group, [["Съгласие"]], [["Consent"]])
  * enableWhen[+].question = "type"
  * enableWhen[=].operator = #!=
  * enableWhen[=].answerCoding = https://w3id.org/hm-fhir/CodeSystem/activity-type#group-health-talk
  * item[+]
    * insert Item(consent.decision, choice, [["Решение на лицето"]], [["Decision of the person"]])
    * insert Option([[https://w3id.org/hm-fhir/CodeSystem/consent-decision#given "Given"]], [["Дадено"]])
    * insert Option([[https://w3id.org/hm-fhir/CodeSystem/consent-decision#refused "Refused"]], [["Отказано"]])
    * insert Option([[https://w3id.org/hm-fhir/CodeSystem/consent-decision#withdrawn "Withdrawn"]], [["Оттеглено"]])
  * item[+]
    * insert Item(consent.on, date, [["Ден на решението"]], [["Day of the decision"]])
    * enableWhen[+].question = "consent.decision"
    * enableWhen[=].operator = #exists
    * enableWhen[=].answerBoolean = true
  * item[+]
    * insert Item(consent.until, date, [["Валидно до"]], [["Valid until"]])
    * enableWhen[+].question = "consent.decision"
    * enableWhen[=].operator = #=
    * enableWhen[=].answerCoding = https://w3id.org/hm-fhir/CodeSystem/consent-decision#given
  * item[+]
    * insert Choice(consent.covers, [["За какво"]], [["What it covers"]], https://w3id.org/hm-fhir/ValueSet/hm-consent-coverage)
    * repeats = true
    * enableWhen[+].question = "consent.decision"
    * enableWhen[=].operator = #exists
    * enableWhen[=].answerBoolean = true
  * item[+]
    * insert Choice(consent.by, [["Кой реши"]], [["Who decided"]], https://w3id.org/hm-fhir/ValueSet/hm-person-role)
    * enableWhen[+].question = "consent.decision"
    * enableWhen[=].operator = #exists
    * enableWhen[=].answerBoolean = true
  * item[+]
    * insert Item(consent.reference, string, [["Номер на декларацията"]], [["Number of the signed paper"]])
    * enableWhen[+].question = "consent.decision"
    * enableWhen[=].operator = #exists
    * enableWhen[=].answerBoolean = true
* item[+]
  * insert Item(documents, group, [["Документ"]], [["Paper"]])
  * repeats = true
  * item[+]
    * insert Choice(documents.kind, [["Вид на документа"]], [["Kind of paper"]], https://w3id.org/hm-fhir/ValueSet/hm-document-kind)
  * item[+]
    * insert Choice(documents.step, [["Какво е направено"]], [["What was done with it"]], https://w3id.org/hm-fhir/ValueSet/hm-document-step)
  * item[+]
    * insert Item(documents.dated, date, [["Дата на документа"]], [["Date on the paper"]])

// ---- what came of it
* item[+]
  * insert Item(result, group, [["Резултат"]], [["Result"]])
  * item[+]
    * insert Choice(outcome, [["Резултат от дейността"]], [["Outcome of the activity"]], https://w3id.org/hm-fhir/ValueSet/hm-activity-outcome)
  * item[+]
    * insert Item(fulfils, string, [["Номера на изпълнени насочвания"]], [["Numbers of referrals that it carries out"]])
    * repeats = true
  * item[+]
    * insert Item(follows, string, [["Номера на предходни дейности"]], [["Numbers of earlier activities that it follows"]])
    * repeats = true
  * item[+]
    * insert Item(note, text, [["Бележка"]], [["Note"]])
