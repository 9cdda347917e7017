// The indicators of the work. An expression is FHIRPath over a Bundle of all resources of the period; each item that it
// gives counts one. The columns of the report that the Minister of Health approved are not published, so these are the
// indicators that other countries report (Serbia, WHO); a municipality maps them to its form.

RuleSet: Indicators(id, name, english, bulgarian, scoring)
* insert Published(Measure, {id})
* name = "{name}"
* title = {english}
* insert Translated(title, bg, [[{bulgarian}]])
* type = http://terminology.hl7.org/CodeSystem/measure-type#process
* scoring = http://terminology.hl7.org/CodeSystem/measure-scoring#{scoring}
* useContext.code = http://terminology.hl7.org/CodeSystem/usage-context-type#venue
* useContext.valueCodeableConcept.text = "A municipality, a quarter or a month"
* jurisdiction = urn:iso:std:iso:3166#BG

RuleSet: Population(population, expression)
* population[+].code = http://terminology.hl7.org/CodeSystem/measure-population#{population}
* population[=].criteria.language = #text/fhirpath
* population[=].criteria.expression = {expression}

RuleSet: Activities(type)
* code = https://w3id.org/hm-fhir/CodeSystem/activity-type#{type}
* insert Population(initial-population, [["entry.resource.ofType(Encounter).where(status = 'finished' and type.coding.exists(system = 'https://w3id.org/hm-fhir/CodeSystem/activity-type' and code = '{type}'))"]])

Instance: hm-indicators-activities
InstanceOf: Measure
Usage: #definition
* insert Indicators(hm-indicators-activities, HmIndicatorsActivities, "Activities of health mediators by type", "Дейности на здравните медиатори по вид", cohort)
* description = "How many activities of each type were completed."
* group[+]
  * insert Activities(home-visit)
* group[+]
  * insert Activities(phone-contact)
* group[+]
  * insert Activities(office-consultation)
* group[+]
  * insert Activities(accompaniment)
* group[+]
  * insert Activities(interpretation)
* group[+]
  * insert Activities(gp-registration)
* group[+]
  * insert Activities(insurance-help)
* group[+]
  * insert Activities(document-help)
* group[+]
  * insert Activities(rights-signal)
* group[+]
  * insert Activities(referral)
* group[+]
  * insert Activities(immunisation-recall)
* group[+]
  * insert Activities(pregnancy-detection)
* group[+]
  * insert Activities(postpartum-visit)
* group[+]
  * insert Activities(family-planning-counselling)
* group[+]
  * insert Activities(sti-education)
* group[+]
  * insert Activities(syphilis-test)
* group[+]
  * insert Activities(syphilis-follow-up)
* group[+]
  * insert Activities(partner-notification)
* group[+]
  * insert Activities(congenital-syphilis-follow-up)
* group[+]
  * insert Activities(screening-campaign)
* group[+]
  * insert Activities(group-health-talk)
* group[+]
  * insert Activities(needs-assessment)
* group[+]
  * insert Activities(no-show-tracing)
* group[+]
  * insert Activities(bedside-mediation)
* group[+]
  * insert Activities(discharge-follow-up)
* group[+]
  * insert Activities(case-closure)

Instance: hm-indicators-referrals
InstanceOf: Measure
Usage: #definition
* insert Indicators(hm-indicators-referrals, HmIndicatorsReferrals, [["Referrals that led to care"]], [["Насочвания, довели до помощ"]], proportion)
* description = "Of the referrals that were not taken back, those that were attended or completed: where people get stuck between a referral and care."
* improvementNotation = http://terminology.hl7.org/CodeSystem/measure-improvement-notation#increase
* group[+]
  * code = https://w3id.org/hm-fhir/CodeSystem/activity-type#referral
  * insert Population(initial-population, [["entry.resource.ofType(Task).where(status != 'entered-in-error' and code.coding.exists(system = 'http://hl7.org/fhir/CodeSystem/task-code' and code = 'fulfill'))"]])
  * insert Population(denominator, [["entry.resource.ofType(Task).where(status != 'entered-in-error' and code.coding.exists(system = 'http://hl7.org/fhir/CodeSystem/task-code' and code = 'fulfill')).where(status != 'cancelled')"]])
  * insert Population(numerator, [["entry.resource.ofType(Task).where(status != 'entered-in-error' and code.coding.exists(system = 'http://hl7.org/fhir/CodeSystem/task-code' and code = 'fulfill')).where(status != 'cancelled').where(status = 'completed' or businessStatus.coding.exists(system = 'https://w3id.org/hm-fhir/CodeSystem/referral-progress' and code = 'attended'))"]])

Instance: hm-indicators-syphilis-in-pregnancy
InstanceOf: Measure
Usage: #definition
* insert Indicators(hm-indicators-syphilis-in-pregnancy, HmIndicatorsSyphilisInPregnancy, [["Syphilis in pregnancy: tested, positive, followed"]], [["Сифилис при бременност: изследвани, положителни, проследени"]], proportion)
* description = "Of the pregnant women, those tested for syphilis; of those, the positive ones; of those, the ones whose treatment a mediator followed. In the pattern of WHO's HIV.IND.60, 64 and 68, counted from what mediators know."
* relatedArtifact.type = #derived-from
* relatedArtifact.display = "WHO SMART guidelines HIV, indicators HIV.IND.60, 64 and 68"
* relatedArtifact.url = "https://github.com/WorldHealthOrganization/smart-hiv"
* group[+]
  * code = https://w3id.org/hm-fhir/CodeSystem/activity-type#syphilis-test
  * description = "Pregnant women who were tested"
  * insert Population(initial-population, [["entry.resource.ofType(Condition).where(code.coding.exists(system = 'http://snomed.info/sct' and code = '77386006') and verificationStatus.coding.exists(code = 'entered-in-error').not()).subject.reference.distinct()"]])
  * insert Population(denominator, [["entry.resource.ofType(Condition).where(code.coding.exists(system = 'http://snomed.info/sct' and code = '77386006') and verificationStatus.coding.exists(code = 'entered-in-error').not()).subject.reference.distinct()"]])
  * insert Population(numerator, [["entry.resource.ofType(Condition).where(code.coding.exists(system = 'http://snomed.info/sct' and code = '77386006') and verificationStatus.coding.exists(code = 'entered-in-error').not()).subject.reference.distinct().intersect(entry.resource.ofType(Observation).where(status = 'final' and code.coding.exists(system = 'https://w3id.org/hm-fhir/CodeSystem/test-kind' and code.startsWith('syphilis'))).subject.reference.distinct())"]])
* group[+]
  * code = https://w3id.org/hm-fhir/CodeSystem/test-result#positive
  * description = "Tested pregnant women with a positive result"
  * insert Population(initial-population, [["entry.resource.ofType(Condition).where(code.coding.exists(system = 'http://snomed.info/sct' and code = '77386006') and verificationStatus.coding.exists(code = 'entered-in-error').not()).subject.reference.distinct().intersect(entry.resource.ofType(Observation).where(status = 'final' and code.coding.exists(system = 'https://w3id.org/hm-fhir/CodeSystem/test-kind' and code.startsWith('syphilis'))).subject.reference.distinct())"]])
  * insert Population(denominator, [["entry.resource.ofType(Condition).where(code.coding.exists(system = 'http://snomed.info/sct' and code = '77386006') and verificationStatus.coding.exists(code = 'entered-in-error').not()).subject.reference.distinct().intersect(entry.resource.ofType(Observation).where(status = 'final' and code.coding.exists(system = 'https://w3id.org/hm-fhir/CodeSystem/test-kind' and code.startsWith('syphilis'))).subject.reference.distinct())"]])
  * insert Population(numerator, [["entry.resource.ofType(Condition).where(code.coding.exists(system = 'http://snomed.info/sct' and code = '77386006') and verificationStatus.coding.exists(code = 'entered-in-error').not()).subject.reference.distinct().intersect(entry.resource.ofType(Observation).where(status = 'final' and code.coding.exists(system = 'https://w3id.org/hm-fhir/CodeSystem/test-kind' and code.startsWith('syphilis')) and (value | interpretation).coding.exists(system = 'https://w3id.org/hm-fhir/CodeSystem/test-result' and code = 'positive')).subject.reference.distinct())"]])
* group[+]
  * code = https://w3id.org/hm-fhir/CodeSystem/activity-type#syphilis-follow-up
  * description = "Positive pregnant women whose treatment was followed"
  * insert Population(initial-population, [["entry.resource.ofType(Condition).where(code.coding.exists(system = 'http://snomed.info/sct' and code = '77386006') and verificationStatus.coding.exists(code = 'entered-in-error').not()).subject.reference.distinct().intersect(entry.resource.ofType(Observation).where(status = 'final' and code.coding.exists(system = 'https://w3id.org/hm-fhir/CodeSystem/test-kind' and code.startsWith('syphilis')) and (value | interpretation).coding.exists(system = 'https://w3id.org/hm-fhir/CodeSystem/test-result' and code = 'positive')).subject.reference.distinct())"]])
  * insert Population(denominator, [["entry.resource.ofType(Condition).where(code.coding.exists(system = 'http://snomed.info/sct' and code = '77386006') and verificationStatus.coding.exists(code = 'entered-in-error').not()).subject.reference.distinct().intersect(entry.resource.ofType(Observation).where(status = 'final' and code.coding.exists(system = 'https://w3id.org/hm-fhir/CodeSystem/test-kind' and code.startsWith('syphilis')) and (value | interpretation).coding.exists(system = 'https://w3id.org/hm-fhir/CodeSystem/test-result' and code = 'positive')).subject.reference.distinct())"]])
  * insert Population(numerator, [["entry.resource.ofType(Condition).where(code.coding.exists(system = 'http://snomed.info/sct' and code = '77386006') and verificationStatus.coding.exists(code = 'entered-in-error').not()).subject.reference.distinct().intersect(entry.resource.ofType(Observation).where(status = 'final' and code.coding.exists(system = 'https://w3id.org/hm-fhir/CodeSystem/test-kind' and code.startsWith('syphilis')) and (value | interpretation).coding.exists(system = 'https://w3id.org/hm-fhir/CodeSystem/test-result' and code = 'positive')).subject.reference.distinct()).intersect(entry.resource.ofType(Encounter).where(status = 'finished' and type.coding.exists(system = 'https://w3id.org/hm-fhir/CodeSystem/activity-type' and code = 'syphilis-follow-up')).subject.reference.distinct())"]])
