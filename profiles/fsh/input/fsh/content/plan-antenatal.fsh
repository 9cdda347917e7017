// Follow-up of a pregnancy: eight contacts with a doctor or midwife, as WHO recommends, and what a mediator does for them.
Instance: hm-plan-antenatal
InstanceOf: PlanDefinition
Usage: #definition
* insert Plan(hm-plan-antenatal, HmPlanAntenatal, "Antenatal follow-up", "Проследяване на бременност")
* description = "What a mediator does so that a pregnant woman gets her antenatal checks: time counts from the first day of the last menstrual period."
* insert Source([["World Health Organization. WHO recommendations on antenatal care for a positive pregnancy experience. Geneva 2016. ISBN 978 92 4 154991 2"]], https://www.who.int/publications/i/item/9789241549912)
* insert Source([["Centers for Disease Control and Prevention. Sexually Transmitted Infections Treatment Guidelines: syphilis during pregnancy"]], https://www.cdc.gov/std/treatment-guidelines/syphilis-pregnancy.htm)
* insert Goal(antenatal-care, antenatal-care-started)
* goal[=].target.due = 84 'd'
* insert Goal(safe-birth, safe-birth)
* insert Goal(gp, gp-chosen)
* insert Goal(insured, insured)
* action[+]
  * insert Steps(plan, [["A pregnancy that is not over"]], [["Бременност, която продължава"]], [["entry.resource.ofType(Observation).where(status != 'entered-in-error').select(iif(code.coding.exists(system = 'https://w3id.org/hm-fhir/CodeSystem/finding' and code = 'last-menstrual-period'), value.toString().substring(0, 10).toDate(), iif(code.coding.exists(system = 'http://loinc.org' and code = '11778-8'), value.toString().substring(0, 10).toDate() - 280 days, iif(code.coding.exists(system = 'http://loinc.org' and code = '18185-9'), effective.toString().substring(0, 10).toDate() - (value.value.toString() & ' weeks').toQuantity())))).last()"]])
  * insert Applies([["entry.resource.ofType(Condition).exists(code.coding.exists(system = 'http://snomed.info/sct' and code = '77386006') and clinicalStatus.coding.exists(code = 'active'))"]])
  * action[+]
    * insert Do(gp, gp-registration, [["Help to register with a GP"]], [["Помощ при избор на личен лекар"]])
    * goalId[+] = "goal-gp"
    * insert Because(proposal, [["No source for a mediator; proposed by this project"]])
    * insert Applies([["(entry.resource.ofType(Observation).where(status != 'entered-in-error').value | entry.resource.ofType(Condition).where(clinicalStatus.coding.exists(code = 'active')).code).coding.exists(system = 'https://w3id.org/hm-fhir/CodeSystem/barrier' and code = 'no-gp')"]])
    * insert After(plan, 0, 12, wk)
  * action[+]
    * insert Do(insurance, insurance-help, [["Help with health insurance"]], [["Помощ със здравното осигуряване"]])
    * goalId[+] = "goal-insured"
    * insert Because(proposal, [["No source for a mediator; proposed by this project"]])
    * insert Applies([["(entry.resource.ofType(Observation).where(status != 'entered-in-error').value | entry.resource.ofType(Condition).where(clinicalStatus.coding.exists(code = 'active')).code).coding.exists(system = 'https://w3id.org/hm-fhir/CodeSystem/barrier' and code = 'no-insurance')"]])
    * insert After(plan, 0, 12, wk)
  * action[+]
    * insert Do(contact-12, refer-to-gynaecologist, [["Refer to a gynaecologist for the first antenatal check"]], [["Насочване към акушер-гинеколог за първи преглед"]])
    * goalId[+] = "goal-antenatal-care"
    * insert Because(guideline, [["WHO recommendations on antenatal care 2016, E.7: contacts at 12, 20, 26, 30, 34, 36, 38 and 40 weeks"]])
    * insert After(plan, 0, 12, wk)
  * action[+]
    * insert Do(syphilis-test, syphilis-test, [["See that she is tested for syphilis"]], [["Изследване за сифилис"]])
    * goalId[+] = "goal-antenatal-care"
    * insert Because(guideline, [["CDC STI Treatment Guidelines, syphilis during pregnancy: early in pregnancy"]])
    * insert After(plan, 0, 12, wk)
  * action[+]
    * insert Do(contact-20, home-visit, [["See that she goes to the antenatal check"]], [["Напомняне и съдействие за прегледа по бременност"]])
    * goalId[+] = "goal-antenatal-care"
    * insert Because(guideline, [["WHO recommendations on antenatal care 2016, E.7: contacts at 12, 20, 26, 30, 34, 36, 38 and 40 weeks"]])
    * insert After(plan, 19, 20, wk)
  * action[+]
    * insert Do(contact-26, phone-contact, [["See that she goes to the antenatal check"]], [["Напомняне и съдействие за прегледа по бременност"]])
    * goalId[+] = "goal-antenatal-care"
    * insert Because(guideline, [["WHO recommendations on antenatal care 2016, E.7: contacts at 12, 20, 26, 30, 34, 36, 38 and 40 weeks"]])
    * insert After(plan, 25, 26, wk)
  * action[+]
    * insert Do(syphilis-test-28, syphilis-test, [["See that she is tested for syphilis again"]], [["Повторно изследване за сифилис"]])
    * goalId[+] = "goal-antenatal-care"
    * insert Because(guideline, [["CDC STI Treatment Guidelines, syphilis during pregnancy: at 28 weeks and at delivery, where syphilis is frequent or the woman is at risk"]])
    * insert After(plan, 28, 30, wk)
  * action[+]
    * insert Do(contact-30, home-visit, [["See that she goes to the antenatal check"]], [["Напомняне и съдействие за прегледа по бременност"]])
    * goalId[+] = "goal-antenatal-care"
    * insert Because(guideline, [["WHO recommendations on antenatal care 2016, E.7: contacts at 12, 20, 26, 30, 34, 36, 38 and 40 weeks"]])
    * insert After(plan, 29, 30, wk)
  * action[+]
    * insert Do(contact-34, phone-contact, [["See that she goes to the antenatal check"]], [["Напомняне и съдействие за прегледа по бременност"]])
    * goalId[+] = "goal-antenatal-care"
    * insert Because(guideline, [["WHO recommendations on antenatal care 2016, E.7: contacts at 12, 20, 26, 30, 34, 36, 38 and 40 weeks"]])
    * insert After(plan, 33, 34, wk)
  * action[+]
    * insert Do(contact-36, home-visit, [["See that she goes to the antenatal check"]], [["Напомняне и съдействие за прегледа по бременност"]])
    * goalId[+] = "goal-antenatal-care"
    * insert Because(guideline, [["WHO recommendations on antenatal care 2016, E.7: contacts at 12, 20, 26, 30, 34, 36, 38 and 40 weeks"]])
    * insert After(plan, 35, 36, wk)
  * action[+]
    * insert Do(birth, refer-to-hospital, [["Agree with the hospital on the birth"]], [["Уговаряне на раждането с болницата"]])
    * goalId[+] = "goal-safe-birth"
    * insert Because(proposal, [["No source for a mediator; proposed by this project"]])
    * insert After(plan, 34, 36, wk)
  * action[+]
    * insert Do(contact-38, phone-contact, [["See that she goes to the antenatal check"]], [["Напомняне и съдействие за прегледа по бременност"]])
    * goalId[+] = "goal-antenatal-care"
    * insert Because(guideline, [["WHO recommendations on antenatal care 2016, E.7: contacts at 12, 20, 26, 30, 34, 36, 38 and 40 weeks"]])
    * insert After(plan, 37, 38, wk)
  * action[+]
    * insert Do(contact-40, phone-contact, [["See that she goes to the antenatal check"]], [["Напомняне и съдействие за прегледа по бременност"]])
    * goalId[+] = "goal-antenatal-care"
    * insert Because(guideline, [["WHO recommendations on antenatal care 2016, E.7: contacts at 12, 20, 26, 30, 34, 36, 38 and 40 weeks"]])
    * insert After(plan, 39, 40, wk)
  * action[+]
    * insert Do(postpartum, postpartum-visit, [["Visit mother and newborn"]], [["Посещение на родилка и новородено"]])
    * goalId[+] = "goal-safe-birth"
    * insert Because(proposal, [["No source for a mediator; proposed by this project"]])
    * insert After(plan, 40, 42, wk)
  * action[+]
    * insert Do(close, case-closure, [["Close the case"]], [["Приключване на случая"]])
    * insert Because(proposal, [["No source for a mediator; proposed by this project"]])
    * insert After(plan, 46, 48, wk)
