// Why a mediator acts or refers; the same words in encounters, referrals and appointments.

Invariant: hm-reason-sex
Description: "A reason of sexual or reproductive health carries the label SEX."
Severity: #error
Expression: "coding.where(system = 'https://w3id.org/hm-fhir/CodeSystem/reason' and code in ('pregnancy' | 'antenatal-check' | 'postpartum-check' | 'contraception')).exists() implies %resource.meta.security.where(code = 'SEX').exists()"

Invariant: hm-reason-std
Description: "Syphilis as a reason carries the label STD."
Severity: #error
Expression: "coding.where(system = 'https://w3id.org/hm-fhir/CodeSystem/reason' and code in ('syphilis-suspected' | 'syphilis-test' | 'syphilis-treatment' | 'contact-of-syphilis')).exists() implies %resource.meta.security.where(code = 'STD').exists()"

Invariant: hm-reason-sdv
Description: "Violence as a reason carries the label SDV."
Severity: #error
Expression: "coding.where(system = 'https://w3id.org/hm-fhir/CodeSystem/reason' and code = 'violence').exists() implies %resource.meta.security.where(code = 'SDV').exists()"

RuleSet: HmReasons
* reasonCode MS
* insert HmWord(reasonCode, $hm-reason, HmReasonCodes)
* insert HmBeside(reasonCode, snomed, $sct, HmReasonPublicCodes)
* insert HmBeside(reasonCode, icd10, $icd10, HmReasonPublicCodes)
* reasonCode obeys hm-reason-sex and hm-reason-std and hm-reason-sdv
* reasonCode ^short = "Why, and what SNOMED CT and ICD-10 call it"
