// A pregnant woman with syphilis: treatment early enough protects the child.
Instance: hm-plan-syphilis-in-pregnancy
InstanceOf: PlanDefinition
Usage: #definition
* insert Plan(hm-plan-syphilis-in-pregnancy, HmPlanSyphilisInPregnancy, "Syphilis in pregnancy", "Сифилис при бременност")
* description = "What a mediator does when a pregnant woman has a positive test or a reported syphilis: time counts from the test, that of later tests and of the birth from the pregnancy. It goes beside the plan of antenatal follow-up."
* insert Source([["Centers for Disease Control and Prevention. Sexually Transmitted Infections Treatment Guidelines: syphilis during pregnancy"]], https://www.cdc.gov/std/treatment-guidelines/syphilis-pregnancy.htm)
* insert Source([["World Health Organization. WHO guideline on syphilis screening and treatment for pregnant women. Geneva 2017. ISBN 978 92 4 155009 3"]], https://www.who.int/publications/i/item/9789241550093)
* insert Goal(treated, syphilis-treated)
* goal[=].target.due = 30 'd'
* insert Goal(safe-birth, safe-birth)
* action[+]
  * insert Steps(plan, [["A pregnancy that is not over, with syphilis"]], [["Бременност, която продължава, със сифилис"]], [["iif(entry.resource.ofType(Observation).where(status = 'final' and code.coding.exists(system = 'https://w3id.org/hm-fhir/CodeSystem/test-kind' and code.startsWith('syphilis'))).where((value | interpretation).coding.exists(system = 'https://w3id.org/hm-fhir/CodeSystem/test-result' and code = 'positive')).exists(), entry.resource.ofType(Observation).where(status = 'final' and code.coding.exists(system = 'https://w3id.org/hm-fhir/CodeSystem/test-kind' and code.startsWith('syphilis'))).where((value | interpretation).coding.exists(system = 'https://w3id.org/hm-fhir/CodeSystem/test-result' and code = 'positive')).last().effective.toString().substring(0, 10).toDate(), entry.resource.ofType(Condition).where(code.coding.exists(system = 'https://w3id.org/hm-fhir/CodeSystem/reported-condition' and code = 'syphilis') and clinicalStatus.coding.exists(code = 'active' or code = 'recurrence')).last().select(iif(onset.exists(), onset, recordedDate).toString().substring(0, 10).toDate()))"]])
  * insert Applies([["entry.resource.ofType(Condition).exists(code.coding.exists(system = 'http://snomed.info/sct' and code = '77386006') and clinicalStatus.coding.exists(code = 'active')) and (entry.resource.ofType(Observation).where(status = 'final' and code.coding.exists(system = 'https://w3id.org/hm-fhir/CodeSystem/test-kind' and code.startsWith('syphilis'))).where((value | interpretation).coding.exists(system = 'https://w3id.org/hm-fhir/CodeSystem/test-result' and code = 'positive')).exists() or entry.resource.ofType(Condition).where(code.coding.exists(system = 'https://w3id.org/hm-fhir/CodeSystem/reported-condition' and code = 'syphilis') and clinicalStatus.coding.exists(code = 'active' or code = 'recurrence')).exists())"]])
  * action[+]
    * insert Do(venereologist, refer-to-dermato-venereologist, [["Refer to a dermato-venereologist"]], [["Насочване към дермато-венеролог"]])
    * priority = #urgent
    * goalId[+] = "goal-treated"
    * insert Because(proposal, [["No source for a mediator; proposed by this project"]])
    * insert After(plan, 0, 3, d)
  * action[+]
    * insert Do(gynaecologist, refer-to-gynaecologist, [["Refer to a gynaecologist"]], [["Насочване към акушер-гинеколог"]])
    * goalId[+] = "goal-safe-birth"
    * insert Because(proposal, [["No source for a mediator; proposed by this project"]])
    * insert After(plan, 0, 14, d)
  * action[+]
    * insert Do(to-treatment, accompaniment, [["Come along to the treatment"]], [["Придружаване до лечението"]])
    * priority = #urgent
    * goalId[+] = "goal-treated"
    * insert Because(proposal, [["No source for a mediator; proposed by this project"]])
    * insert After(plan, 0, 7, d)
  * action[+]
    * insert Do(treatment-begun, syphilis-follow-up, [["Ask whether the treatment has begun"]], [["Проследяване на започнатото лечение"]])
    * priority = #urgent
    * goalId[+] = "goal-treated"
    * insert Because(proposal, [["No source for a mediator; proposed by this project"]])
    * insert After(plan, 3, 7, d)
  * action[+]
    * insert Do(partners, partner-notification, [["Help to notify partners"]], [["Уведомяване на партньори"]])
    * goalId[+] = "goal-treated"
    * insert Because(proposal, [["No source for a mediator; proposed by this project"]])
    * insert After(plan, 0, 14, d)
  * action[+]
    * insert Do(treatment-complete, syphilis-follow-up, [["Ask whether the treatment is complete"]], [["Проследяване на завършеното лечение"]])
    * goalId[+] = "goal-treated"
    * insert Because(guideline, [["CDC STI Treatment Guidelines, syphilis during pregnancy: up to three doses at weekly intervals"]])
    * insert After(treatment-begun, 14, 21, d)
  * action[+]
    * insert Steps(pregnancy, [["What counts from the begin of the pregnancy"]], [["Което се брои от началото на бременността"]], [["entry.resource.ofType(Observation).where(status != 'entered-in-error').select(iif(code.coding.exists(system = 'https://w3id.org/hm-fhir/CodeSystem/finding' and code = 'last-menstrual-period'), value.toString().substring(0, 10).toDate(), iif(code.coding.exists(system = 'http://loinc.org' and code = '11778-8'), value.toString().substring(0, 10).toDate() - 280 days, iif(code.coding.exists(system = 'http://loinc.org' and code = '18185-9'), effective.toString().substring(0, 10).toDate() - (value.value.toString() & ' weeks').toQuantity())))).last()"]])
    * action[+]
      * insert Do(test-again, syphilis-test, [["See that she is tested again"]], [["Повторно изследване"]])
      * goalId[+] = "goal-treated"
      * insert Because(guideline, [["CDC STI Treatment Guidelines, syphilis during pregnancy: at about 32 weeks, but not before 8 weeks after the treatment, and at delivery"]])
      * insert After(pregnancy, 30, 32, wk)
    * action[+]
      * insert Do(tell-hospital, refer-to-hospital, [["See that the hospital of the birth knows before the birth"]], [["Уведомяване на болницата преди раждането"]])
      * goalId[+] = "goal-safe-birth"
      * insert Because(proposal, [["No source for a mediator; proposed by this project"]])
      * insert After(pregnancy, 32, 36, wk)
    * action[+]
      * insert Do(after-birth, congenital-syphilis-follow-up, [["See that the newborn is examined and tested, and begin the plan of the newborn"]], [["Преглед и изследване на новороденото"]])
      * goalId[+] = "goal-safe-birth"
      * insert Because(guideline, [["CDC STI Treatment Guidelines, congenital syphilis"]])
      * insert After(pregnancy, 38, 42, wk)
    * action[+]
      * insert Do(close, case-closure, [["Close the case"]], [["Приключване на случая"]])
      * insert Because(proposal, [["No source for a mediator; proposed by this project"]])
      * insert After(after-birth, 6, 8, wk)
