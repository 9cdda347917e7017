// A missed immunisation: the family is found, told, helped to the GP, and asked whether it was given.
Instance: hm-plan-immunisation-recall
InstanceOf: PlanDefinition
Usage: #definition
* insert Plan(hm-plan-immunisation-recall, HmPlanImmunisationRecall, "Immunisation recall", "Издирване за имунизация")
* description = "What a mediator does when an immunisation is due or overdue: time counts from the day on which it became known. Which one is due when, the national calendar and the GP say."
* insert Goal(immunised, immunised)
* goal[=].target.due = 30 'd'
* insert Goal(gp, gp-chosen)
* action[+]
  * insert Steps(plan, [["An immunisation is due or overdue"]], [["Предстояща или просрочена имунизация"]], [["entry.resource.ofType(Observation).where(status != 'entered-in-error' and code.coding.exists(system = 'https://w3id.org/hm-fhir/CodeSystem/finding' and code = 'immunisation-status') and value.coding.exists(system = 'https://w3id.org/hm-fhir/CodeSystem/immunisation-status' and (code = 'due' or code = 'overdue'))).last().effective.toString().substring(0, 10).toDate()"]])
  * insert Applies([["entry.resource.ofType(Observation).where(status != 'entered-in-error' and code.coding.exists(system = 'https://w3id.org/hm-fhir/CodeSystem/finding' and code = 'immunisation-status') and value.coding.exists(system = 'https://w3id.org/hm-fhir/CodeSystem/immunisation-status' and (code = 'due' or code = 'overdue'))).exists()"]])
  * action[+]
    * insert Do(find, immunisation-recall, [["Find the family and speak about the immunisation"]], [["Издирване на семейството и разговор за имунизацията"]])
    * goalId[+] = "goal-immunised"
    * insert Because(proposal, [["No source for a mediator; proposed by this project"]])
    * insert After(plan, 0, 7, d)
  * action[+]
    * insert Do(gp, gp-registration, [["Help to register with a GP"]], [["Помощ при избор на личен лекар"]])
    * goalId[+] = "goal-gp"
    * insert Because(proposal, [["No source for a mediator; proposed by this project"]])
    * insert Applies([["(entry.resource.ofType(Observation).where(status != 'entered-in-error').value | entry.resource.ofType(Condition).where(clinicalStatus.coding.exists(code = 'active')).code).coding.exists(system = 'https://w3id.org/hm-fhir/CodeSystem/barrier' and code = 'no-gp')"]])
    * insert After(plan, 0, 14, d)
  * action[+]
    * insert Do(refer, refer-to-gp, [["Refer to the GP for the immunisation"]], [["Насочване към личния лекар за имунизация"]])
    * goalId[+] = "goal-immunised"
    * insert Because(proposal, [["No source for a mediator; proposed by this project"]])
    * insert After(find, 0, 7, d)
  * action[+]
    * insert Do(accompany, accompaniment, [["Come along to the GP"]], [["Придружаване до личния лекар"]])
    * goalId[+] = "goal-immunised"
    * insert Because(proposal, [["No source for a mediator; proposed by this project"]])
    * insert After(refer, 0, 14, d)
  * action[+]
    * insert Do(given, immunisation-recall, [["Ask whether it was given, or why not"]], [["Проверка дали имунизацията е поставена, или защо не е"]])
    * goalId[+] = "goal-immunised"
    * insert Because(proposal, [["No source for a mediator; proposed by this project"]])
    * insert After(plan, 28, 35, d)
  * action[+]
    * insert Do(close, case-closure, [["Close the case"]], [["Приключване на случая"]])
    * insert Because(proposal, [["No source for a mediator; proposed by this project"]])
    * insert After(plan, 35, 60, d)
