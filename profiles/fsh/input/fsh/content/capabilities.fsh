// What a system that sends the work of mediators does, and what one that receives it must be able to do. Standard search
// parameters are enough for both, so the package has none of its own.

RuleSet: Capabilities(id, name, english, bulgarian)
* insert Published(CapabilityStatement, {id})
* name = "{name}"
* title = {english}
* insert Translated(title, bg, [[{bulgarian}]])
* kind = #requirements
* fhirVersion = #4.0.1
* format = #json
* implementationGuide = "https://w3id.org/hm-fhir/ImplementationGuide/hm-fhir.profiles"

RuleSet: Does(interaction, english)
* interaction[+].code = #{interaction}
* interaction[=].documentation = {english}

RuleSet: Searches(name, type, english)
* searchParam[+].name = "{name}"
* searchParam[=].type = #{type}
* searchParam[=].documentation = {english}

RuleSet: Sends(type)
* type = #{type}
* insert Does(update, [["In a transaction, as PUT with an id that the sender chose."]])
* insert Does(read, [["Of what the receiver may change, and to compare."]])
* insert Searches(_id, token, "To count what arrived.")

// R4 has no such search parameter for Provenance and AuditEvent.
RuleSet: SendsIdentified(type)
* insert Sends({type})
* insert Searches(identifier, token, [["By the surrogate identifier of the sender: its system alone, or with a value."]])

RuleSet: Receives(type)
* type = #{type}
* insert Does(update, [["Shall make what is not there (update as create) with an id of letters, digits and hyphens."]])
* insert Does(read, "Shall.")
* insert Does(search-type, "Should.")
* versioning = #versioned-update
* readHistory = false
* updateCreate = true
* insert Searches(_id, token, "Should.")
* insert Searches(_lastUpdated, date, "Should.")

RuleSet: ReceivesIdentified(type)
* insert Receives({type})
* insert Searches(identifier, token, "Should: exact by system and value.")


Instance: hm-sender
InstanceOf: CapabilityStatement
Usage: #definition
* insert Capabilities(hm-sender, HmSender, [["A system that sends the work of health mediators"]], [["Система, която изпраща работата на здравни медиатори"]])
* description = "What hm-fhir does as a client. Nothing is deleted: what is taken back gets the status entered-in-error, or revoked."
* rest.mode = #client
* rest.documentation = "Every write is a PUT in a transaction, so the same delivery twice changes nothing. What a receiver may change (the state of a Task, of an Appointment) is read, merged and written with If-Match."
* rest.security.description = "TLS, and what the receiver asks for: SMART Backend Services, a bearer token, or basic."
* rest.interaction[+].code = #transaction
* rest.interaction[=].documentation = "At most as many entries and bytes as the receiver takes."
* rest.interaction[+].code = #batch
* rest.interaction[=].documentation = "Reads of what the receiver may change."
* rest.resource[+]
  * insert SendsIdentified(Patient)
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-patient"
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-replaced-patient"
* rest.resource[+]
  * insert SendsIdentified(RelatedPerson)
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-related-person"
* rest.resource[+]
  * insert SendsIdentified(Practitioner)
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-mediator"
* rest.resource[+]
  * insert SendsIdentified(PractitionerRole)
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-mediator-role"
* rest.resource[+]
  * insert SendsIdentified(Organization)
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-municipality"
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-facility"
* rest.resource[+]
  * insert SendsIdentified(Location)
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-place"
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-ward"
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-service-area"
* rest.resource[+]
  * insert SendsIdentified(Group)
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-group"
* rest.resource[+]
  * insert SendsIdentified(Encounter)
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-encounter-individual"
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-encounter-group"
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-encounter-hospital"
* rest.resource[+]
  * insert SendsIdentified(EpisodeOfCare)
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-case"
* rest.resource[+]
  * insert SendsIdentified(ServiceRequest)
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-referral"
* rest.resource[+]
  * insert SendsIdentified(Task)
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-referral-task"
  * insert Searches(requester, reference, "Its own requests.")
  * insert Searches(_lastUpdated, date, "What changed since it last asked.")
* rest.resource[+]
  * insert SendsIdentified(Appointment)
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-appointment"
* rest.resource[+]
  * insert SendsIdentified(Goal)
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-goal"
* rest.resource[+]
  * insert SendsIdentified(CarePlan)
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-case-plan"
* rest.resource[+]
  * insert SendsIdentified(Communication)
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-communication"
* rest.resource[+]
  * insert SendsIdentified(Condition)
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-need"
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-pregnancy"
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-reported-condition"
* rest.resource[+]
  * insert SendsIdentified(Observation)
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-barrier"
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-outcome"
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-participants"
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-pregnancy-status"
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-expected-delivery"
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-gestational-age"
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-last-menstrual-period"
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-gravida"
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-antenatal-care"
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-pregnancy-outcome"
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-syphilis-test"
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-hiv-test"
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-pregnancy-test"
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-body-weight"
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-body-height"
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-birth-weight"
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-immunisation-due"
* rest.resource[+]
  * insert SendsIdentified(Immunization)
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-reported-immunisation"
* rest.resource[+]
  * insert SendsIdentified(Consent)
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-consent"
* rest.resource[+]
  * insert SendsIdentified(DocumentReference)
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-document"
* rest.resource[+]
  * insert Sends(Provenance)
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-provenance"
* rest.resource[+]
  * insert Sends(AuditEvent)
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-disclosure"
* rest.resource[+]
  * insert SendsIdentified(MeasureReport)
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-indicator-report"

Instance: hm-receiver
InstanceOf: CapabilityStatement
Usage: #definition
* insert Capabilities(hm-receiver, HmReceiver, [["A server that receives the work of health mediators"]], [["Сървър, който получава работата на здравни медиатори"]])
* description = "What a national or hospital server must be able to do. A hospital receives what concerns its own referrals and patients only."
* rest.mode = #server
* rest.documentation = "A transaction is all or nothing. The receiver owns the state of a Task (status, businessStatus, statusReason, output, note, owner) after its creation: these elements are its answer."
* rest.security.description = "TLS. Labels in meta.security (R, STD, HIV, SEX, SDV) shall be kept and obeyed."
* rest.interaction[+].code = #transaction
* rest.interaction[=].documentation = "Shall: PUT entries with fullUrl and relative references, If-Match."
* rest.interaction[+].code = #batch
* rest.interaction[=].documentation = "Should: GET entries."
* rest.resource[+]
  * insert ReceivesIdentified(Patient)
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-patient"
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-replaced-patient"
* rest.resource[+]
  * insert ReceivesIdentified(RelatedPerson)
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-related-person"
* rest.resource[+]
  * insert ReceivesIdentified(Practitioner)
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-mediator"
* rest.resource[+]
  * insert ReceivesIdentified(PractitionerRole)
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-mediator-role"
* rest.resource[+]
  * insert ReceivesIdentified(Organization)
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-municipality"
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-facility"
* rest.resource[+]
  * insert ReceivesIdentified(Location)
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-place"
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-ward"
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-service-area"
* rest.resource[+]
  * insert ReceivesIdentified(Group)
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-group"
* rest.resource[+]
  * insert ReceivesIdentified(Encounter)
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-encounter-individual"
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-encounter-group"
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-encounter-hospital"
* rest.resource[+]
  * insert ReceivesIdentified(EpisodeOfCare)
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-case"
* rest.resource[+]
  * insert ReceivesIdentified(ServiceRequest)
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-referral"
* rest.resource[+]
  * insert ReceivesIdentified(Task)
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-referral-task"
  * insert Searches(requester, reference, [["Should: a sender that asks for the answers to its own requests."]])
  * insert Searches(owner, reference, "Should: a hospital that looks for its own requests.")
  * insert Searches(status, token, "Should.")
* rest.resource[+]
  * insert ReceivesIdentified(Appointment)
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-appointment"
* rest.resource[+]
  * insert ReceivesIdentified(Goal)
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-goal"
* rest.resource[+]
  * insert ReceivesIdentified(CarePlan)
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-case-plan"
* rest.resource[+]
  * insert ReceivesIdentified(Communication)
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-communication"
* rest.resource[+]
  * insert ReceivesIdentified(Condition)
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-need"
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-pregnancy"
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-reported-condition"
* rest.resource[+]
  * insert ReceivesIdentified(Observation)
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-barrier"
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-outcome"
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-participants"
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-pregnancy-status"
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-expected-delivery"
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-gestational-age"
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-last-menstrual-period"
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-gravida"
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-antenatal-care"
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-pregnancy-outcome"
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-syphilis-test"
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-hiv-test"
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-pregnancy-test"
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-body-weight"
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-body-height"
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-birth-weight"
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-immunisation-due"
* rest.resource[+]
  * insert ReceivesIdentified(Immunization)
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-reported-immunisation"
* rest.resource[+]
  * insert ReceivesIdentified(Consent)
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-consent"
* rest.resource[+]
  * insert ReceivesIdentified(DocumentReference)
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-document"
* rest.resource[+]
  * insert Receives(Provenance)
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-provenance"
* rest.resource[+]
  * insert Receives(AuditEvent)
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-disclosure"
* rest.resource[+]
  * insert ReceivesIdentified(MeasureReport)
  * supportedProfile[+] = "https://w3id.org/hm-fhir/StructureDefinition/hm-indicator-report"
