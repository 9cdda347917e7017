// A newborn whose mother had syphilis in pregnancy: examined and tested at birth, and until the test is negative.
Instance: hm-plan-newborn-of-mother-with-syphilis
InstanceOf: PlanDefinition
Usage: #definition
* insert Plan(hm-plan-newborn-of-mother-with-syphilis, HmPlanNewbornOfMotherWithSyphilis, "Newborn of a mother with syphilis", "Новородено от майка със сифилис")
* description = "What a mediator does so that the child of a mother with syphilis is examined, tested and treated: time counts from the birth. The plan is that of the child."
* insert Source([["Centers for Disease Control and Prevention. Sexually Transmitted Infections Treatment Guidelines: congenital syphilis"]], https://www.cdc.gov/std/treatment-guidelines/congenital-syphilis.htm)
* insert Goal(healthy, syphilis-tested)
* insert Goal(treated, syphilis-treated)
* insert Goal(gp, gp-chosen)
* action[+]
  * insert Steps(plan, [["The child of a mother with syphilis"]], [["Дете на майка със сифилис"]], [["entry.resource.ofType(Patient).last().birthDate"]])
  * insert Applies([["entry.resource.ofType(Encounter).exists(status != 'entered-in-error' and type.coding.exists(system = 'https://w3id.org/hm-fhir/CodeSystem/activity-type' and code = 'congenital-syphilis-follow-up')) or entry.resource.ofType(Condition).where(code.coding.exists(system = 'https://w3id.org/hm-fhir/CodeSystem/reported-condition' and code = 'congenital-syphilis') and clinicalStatus.coding.exists(code = 'active' or code = 'recurrence')).exists()"]])
  * action[+]
    * insert Do(at-birth, congenital-syphilis-follow-up, [["See that the newborn is examined and tested"]], [["Преглед и изследване на новороденото"]])
    * priority = #urgent
    * goalId[+] = "goal-healthy"
    * insert Because(guideline, [["CDC STI Treatment Guidelines, congenital syphilis"]])
    * insert After(plan, 0, 3, d)
  * action[+]
    * insert Do(gp, gp-registration, [["Help to register with a GP"]], [["Помощ при избор на личен лекар"]])
    * goalId[+] = "goal-gp"
    * insert Because(proposal, [["No source for a mediator; proposed by this project"]])
    * insert After(plan, 0, 30, d)
  * action[+]
    * insert Do(paediatrician, refer-to-paediatrician, [["Refer to a paediatrician"]], [["Насочване към педиатър"]])
    * goalId[+] = "goal-healthy"
    * insert Because(proposal, [["No source for a mediator; proposed by this project"]])
    * insert After(plan, 0, 14, d)
  * action[+]
    * insert Do(treatment, syphilis-follow-up, [["Ask whether the treatment is complete"]], [["Проследяване на завършеното лечение"]])
    * goalId[+] = "goal-treated"
    * insert Because(guideline, [["CDC STI Treatment Guidelines, congenital syphilis: ten days of treatment"]])
    * insert Applies([["entry.resource.ofType(Condition).where(code.coding.exists(system = 'https://w3id.org/hm-fhir/CodeSystem/reported-condition' and code = 'congenital-syphilis') and clinicalStatus.coding.exists(code = 'active' or code = 'recurrence')).exists()"]])
    * insert After(plan, 10, 21, d)
  * action[+]
    * insert Do(visit, postpartum-visit, [["Visit mother and newborn"]], [["Посещение на родилка и новородено"]])
    * goalId[+] = "goal-healthy"
    * insert Because(proposal, [["No source for a mediator; proposed by this project"]])
    * insert After(plan, 7, 28, d)
  * action[+]
    * insert Do(check-3, congenital-syphilis-follow-up, [["See that the child is examined and tested again"]], [["Контролен преглед и изследване на детето"]])
    * goalId[+] = "goal-healthy"
    * insert Because(guideline, [["CDC STI Treatment Guidelines, congenital syphilis: at 3 months again, also when the test at birth was nonreactive"]])
    * insert After(plan, 2, 3, mo)
  * action[+]
    * insert Do(check-6, congenital-syphilis-follow-up, [["See that the child is examined and tested again"]], [["Контролен преглед и изследване на детето"]])
    * goalId[+] = "goal-healthy"
    * insert Because(guideline, [["CDC STI Treatment Guidelines, congenital syphilis: every 2 to 3 months until the test is nonreactive"]])
    * insert Applies([["iif(entry.resource.ofType(Observation).where(status = 'final' and code.coding.exists(system = 'https://w3id.org/hm-fhir/CodeSystem/test-kind' and code.startsWith('syphilis'))).where((value | interpretation).coding.exists(system = 'https://w3id.org/hm-fhir/CodeSystem/test-result' and code = 'negative')).last().effective.toString().substring(0, 10).toDate() >= entry.resource.ofType(Patient).last().birthDate + 2 months, false, true)"]])
    * insert After(plan, 5, 6, mo)
  * action[+]
    * insert Do(check-9, congenital-syphilis-follow-up, [["See that the child is examined and tested again"]], [["Контролен преглед и изследване на детето"]])
    * goalId[+] = "goal-healthy"
    * insert Because(guideline, [["CDC STI Treatment Guidelines, congenital syphilis: every 2 to 3 months until the test is nonreactive"]])
    * insert Applies([["iif(entry.resource.ofType(Observation).where(status = 'final' and code.coding.exists(system = 'https://w3id.org/hm-fhir/CodeSystem/test-kind' and code.startsWith('syphilis'))).where((value | interpretation).coding.exists(system = 'https://w3id.org/hm-fhir/CodeSystem/test-result' and code = 'negative')).last().effective.toString().substring(0, 10).toDate() >= entry.resource.ofType(Patient).last().birthDate + 2 months, false, true)"]])
    * insert After(plan, 8, 9, mo)
  * action[+]
    * insert Do(check-12, congenital-syphilis-follow-up, [["See that the child is examined and tested again"]], [["Контролен преглед и изследване на детето"]])
    * goalId[+] = "goal-healthy"
    * insert Because(guideline, [["CDC STI Treatment Guidelines, congenital syphilis: every 2 to 3 months until the test is nonreactive"]])
    * insert Applies([["iif(entry.resource.ofType(Observation).where(status = 'final' and code.coding.exists(system = 'https://w3id.org/hm-fhir/CodeSystem/test-kind' and code.startsWith('syphilis'))).where((value | interpretation).coding.exists(system = 'https://w3id.org/hm-fhir/CodeSystem/test-result' and code = 'negative')).last().effective.toString().substring(0, 10).toDate() >= entry.resource.ofType(Patient).last().birthDate + 2 months, false, true)"]])
    * insert After(plan, 11, 12, mo)
  * action[+]
    * insert Do(check-18, congenital-syphilis-follow-up, [["See that the child is examined and tested again"]], [["Контролен преглед и изследване на детето"]])
    * goalId[+] = "goal-healthy"
    * insert Because(guideline, [["CDC STI Treatment Guidelines, congenital syphilis: every 2 to 3 months until the test is nonreactive"]])
    * insert Applies([["iif(entry.resource.ofType(Observation).where(status = 'final' and code.coding.exists(system = 'https://w3id.org/hm-fhir/CodeSystem/test-kind' and code.startsWith('syphilis'))).where((value | interpretation).coding.exists(system = 'https://w3id.org/hm-fhir/CodeSystem/test-result' and code = 'negative')).last().effective.toString().substring(0, 10).toDate() >= entry.resource.ofType(Patient).last().birthDate + 2 months, false, true)"]])
    * insert After(plan, 17, 18, mo)
  * action[+]
    * insert Do(close, case-closure, [["Close the case"]], [["Приключване на случая"]])
    * insert Because(proposal, [["No source for a mediator; proposed by this project"]])
    * insert After(plan, 18, 19, mo)
