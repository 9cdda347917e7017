// How the plans are written. A plan has one outer action, `plan`: its condition says whom the plan is for, and its
// dynamic value from when its time counts (CarePlan.period.start). The steps are inner actions: when they are due is
// told from the begin of the plan, of a group of steps that has a begin of its own, or of another step.
//
// An expression is FHIRPath over a Bundle of what is known of the person, the newest last.

RuleSet: Plan(id, name, english, bulgarian)
* insert Published(PlanDefinition, {id})
// Nobody who may decide on care has confirmed these plans yet.
* status = #draft
* name = "{name}"
* title = {english}
* insert Translated(title, bg, [[{bulgarian}]])
* type = http://terminology.hl7.org/CodeSystem/plan-definition-type#clinical-protocol "Clinical Protocol"
* subjectCodeableConcept = http://hl7.org/fhir/resource-types#Patient
* usage = """
  To be confirmed by those who answer for care in the place where it is used. A mediator accompanies, reminds and asks;
  what is examined, tested or treated, doctors decide. The label of the documentation of a step says where its time comes
  from: `guideline`, or `proposal` of this project. Expressions are FHIRPath over a Bundle of what is known of the person,
  the newest last. The dynamic value `period.start` of an action that holds steps says from when their time counts; that
  of the outer action is also CarePlan.period.start. A step without a related action counts from nothing and has no date.
  A step of which the time is over when the plan is made is due at once if no later step has the same title, else it is
  left out.
  """
* insert Translated(usage, bg, [["Планът подлежи на потвърждение от отговорните за грижите на място. Медиаторът придружава, напомня и пита; какво се преглежда, изследва и лекува, решават лекарите."]])

RuleSet: Source(english, address)
* relatedArtifact[+].type = #citation
* relatedArtifact[=].citation = {english}
* relatedArtifact[=].url = "{address}"

RuleSet: Goal(id, code)
* goal[+].id = "goal-{id}"
* goal[=].description.coding = https://w3id.org/hm-fhir/CodeSystem/goal#{code}

RuleSet: Applies(expression)
* condition[+].kind = #applicability
* condition[=].expression.language = #text/fhirpath
* condition[=].expression.expression = {expression}

RuleSet: Steps(id, english, bulgarian, begin)
* id = "{id}"
* title = {english}
* insert Translated(title, bg, [[{bulgarian}]])
* groupingBehavior = #logical-group
* selectionBehavior = #any
* dynamicValue.path = "period.start"
* dynamicValue.expression.language = #text/fhirpath
* dynamicValue.expression.expression = {begin}

RuleSet: Do(id, step, english, bulgarian)
* id = "{id}"
* title = {english}
* insert Translated(title, bg, [[{bulgarian}]])
* definitionCanonical = "https://w3id.org/hm-fhir/ActivityDefinition/hm-step-{step}"

RuleSet: After(action, least, most, unit)
* relatedAction[+].actionId = "{action}"
* relatedAction[=].relationship = #after-start
* relatedAction[=].offsetRange.low = {least} '{unit}'
* relatedAction[=].offsetRange.high = {most} '{unit}'

RuleSet: Because(label, english)
* documentation[+].type = #justification
* documentation[=].label = "{label}"
* documentation[=].display = {english}
