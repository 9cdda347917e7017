// Short names of code systems and of extensions of R4 that the profiles use.

Alias: $sct = http://snomed.info/sct
Alias: $loinc = http://loinc.org
Alias: $icd10 = http://hl7.org/fhir/sid/icd-10
Alias: $ucum = http://unitsofmeasure.org
Alias: $dcm = http://dicom.nema.org/resources/ontology/DCM

Alias: $v2-0203 = http://terminology.hl7.org/CodeSystem/v2-0203
Alias: $v3-ActCode = http://terminology.hl7.org/CodeSystem/v3-ActCode
Alias: $v3-ActReason = http://terminology.hl7.org/CodeSystem/v3-ActReason
Alias: $v3-Confidentiality = http://terminology.hl7.org/CodeSystem/v3-Confidentiality
Alias: $v3-DataOperation = http://terminology.hl7.org/CodeSystem/v3-DataOperation
Alias: $v3-ObservationInterpretation = http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation
Alias: $v3-ParticipationMode = http://terminology.hl7.org/CodeSystem/v3-ParticipationMode
Alias: $v3-ParticipationType = http://terminology.hl7.org/CodeSystem/v3-ParticipationType
Alias: $v3-RoleCode = http://terminology.hl7.org/CodeSystem/v3-RoleCode

Alias: $audit-entity-type = http://terminology.hl7.org/CodeSystem/audit-entity-type
Alias: $communication-category = http://terminology.hl7.org/CodeSystem/communication-category
Alias: $condition-category = http://terminology.hl7.org/CodeSystem/condition-category
Alias: $condition-clinical = http://terminology.hl7.org/CodeSystem/condition-clinical
Alias: $condition-ver-status = http://terminology.hl7.org/CodeSystem/condition-ver-status
Alias: $consentaction = http://terminology.hl7.org/CodeSystem/consentaction
Alias: $consentscope = http://terminology.hl7.org/CodeSystem/consentscope
Alias: $data-absent-reason = http://terminology.hl7.org/CodeSystem/data-absent-reason
Alias: $goal-achievement = http://terminology.hl7.org/CodeSystem/goal-achievement
Alias: $immunization-origin = http://terminology.hl7.org/CodeSystem/immunization-origin
Alias: $iso-21089-lifecycle = http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle
Alias: $location-physical-type = http://terminology.hl7.org/CodeSystem/location-physical-type
Alias: $measure-population = http://terminology.hl7.org/CodeSystem/measure-population
Alias: $object-role = http://terminology.hl7.org/CodeSystem/object-role
Alias: $observation-category = http://terminology.hl7.org/CodeSystem/observation-category
Alias: $organization-type = http://terminology.hl7.org/CodeSystem/organization-type
Alias: $participant-type = http://terminology.hl7.org/CodeSystem/participant-type
Alias: $provenance-participant-type = http://terminology.hl7.org/CodeSystem/provenance-participant-type
Alias: $restful-interaction = http://hl7.org/fhir/restful-interaction
Alias: $task-code = http://hl7.org/fhir/CodeSystem/task-code

Alias: $hm-activity-status = https://w3id.org/hm-fhir/CodeSystem/activity-status
Alias: $hm-activity-type = https://w3id.org/hm-fhir/CodeSystem/activity-type
Alias: $hm-barrier = https://w3id.org/hm-fhir/CodeSystem/barrier
Alias: $hm-consent-coverage = https://w3id.org/hm-fhir/CodeSystem/consent-coverage
Alias: $hm-document-kind = https://w3id.org/hm-fhir/CodeSystem/document-kind
Alias: $hm-document-step = https://w3id.org/hm-fhir/CodeSystem/document-step
Alias: $hm-facility-kind = https://w3id.org/hm-fhir/CodeSystem/facility-kind
Alias: $hm-finding = https://w3id.org/hm-fhir/CodeSystem/finding
Alias: $hm-goal = https://w3id.org/hm-fhir/CodeSystem/goal
Alias: $hm-identifier-kind = https://w3id.org/hm-fhir/CodeSystem/identifier-kind
Alias: $hm-immunisation-reason = https://w3id.org/hm-fhir/CodeSystem/immunisation-reason
Alias: $hm-immunisation-status = https://w3id.org/hm-fhir/CodeSystem/immunisation-status
Alias: $hm-outcome = https://w3id.org/hm-fhir/CodeSystem/outcome
Alias: $hm-person-role = https://w3id.org/hm-fhir/CodeSystem/person-role
Alias: $hm-pregnancy-outcome = https://w3id.org/hm-fhir/CodeSystem/pregnancy-outcome
Alias: $hm-pregnancy-status = https://w3id.org/hm-fhir/CodeSystem/pregnancy-status
Alias: $hm-reason = https://w3id.org/hm-fhir/CodeSystem/reason
Alias: $hm-referral-destination = https://w3id.org/hm-fhir/CodeSystem/referral-destination
Alias: $hm-referral-progress = https://w3id.org/hm-fhir/CodeSystem/referral-progress
Alias: $hm-reported-condition = https://w3id.org/hm-fhir/CodeSystem/reported-condition
Alias: $hm-setting = https://w3id.org/hm-fhir/CodeSystem/setting
Alias: $hm-specialty = https://w3id.org/hm-fhir/CodeSystem/specialty
Alias: $hm-test-kind = https://w3id.org/hm-fhir/CodeSystem/test-kind
Alias: $hm-test-result = https://w3id.org/hm-fhir/CodeSystem/test-result
Alias: $hm-topic = https://w3id.org/hm-fhir/CodeSystem/topic

Alias: $iso21090-SC-coding = http://hl7.org/fhir/StructureDefinition/iso21090-SC-coding
Alias: $bodyweight = http://hl7.org/fhir/StructureDefinition/bodyweight
Alias: $bodyheight = http://hl7.org/fhir/StructureDefinition/bodyheight
