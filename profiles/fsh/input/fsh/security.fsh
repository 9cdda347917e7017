// Security labels: what the law or good practice protects says so in meta.security.
//
// HL7 v3-Confidentiality R or V, and at least one v3-ActCode: STD, HIV, SEX, SDV. Whoever handles a resource can raise
// its label, never lower it.

Invariant: hm-label
Description: "What carries a sensitivity (STD, HIV, SEX, SDV) is restricted (confidentiality R or V)."
Severity: #error
Expression: "security.where(system = 'http://terminology.hl7.org/CodeSystem/v3-ActCode' and code in ('STD' | 'HIV' | 'SEX' | 'SDV')).exists() implies security.where(system = 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality' and code in ('R' | 'V')).exists()"

Invariant: hm-label-std
Description: "Sexually transmitted infections carry the label STD."
Severity: #error
Expression: "security.where(system = 'http://terminology.hl7.org/CodeSystem/v3-ActCode' and code = 'STD').exists()"

Invariant: hm-label-hiv
Description: "HIV carries the label HIV."
Severity: #error
Expression: "security.where(system = 'http://terminology.hl7.org/CodeSystem/v3-ActCode' and code = 'HIV').exists()"

Invariant: hm-label-sex
Description: "Sexual and reproductive health carries the label SEX."
Severity: #error
Expression: "security.where(system = 'http://terminology.hl7.org/CodeSystem/v3-ActCode' and code = 'SEX').exists()"

RuleSet: HmLabels
* meta.security MS
* meta.security ^short = "Confidentiality and sensitivity, where something protected is told"
* meta.security ^slicing.discriminator.type = #value
* meta.security ^slicing.discriminator.path = "system"
* meta.security ^slicing.rules = #open
* meta.security contains confidentiality 0..1 MS and sensitivity 0..* MS
* meta.security[confidentiality].system 1..1
* meta.security[confidentiality].system = $v3-Confidentiality (exactly)
* meta.security[confidentiality].code 1..1
* meta.security[confidentiality] from HmConfidentialityCodes (required)
* meta.security[sensitivity].system 1..1
* meta.security[sensitivity].system = $v3-ActCode (exactly)
* meta.security[sensitivity].code 1..1
* meta.security[sensitivity] from HmSensitivityCodes (extensible)
* meta obeys hm-label

// For what is always protected, whatever its content says.
RuleSet: HmAlways(sensitivity)
* meta 1..1
* meta.security[confidentiality] 1..1
* meta.security[sensitivity] 1..*
* meta obeys hm-label-{sensitivity}

ValueSet: HmConfidentialityCodes
Id: hm-confidentiality
Title: "Confidentiality"
Description: "How confidential a resource is. What is sensitive is restricted, or very restricted when a receiver raises it (rule hm-label); many servers label all else as normal."
* insert HmList
* $v3-Confidentiality#U "unrestricted"
* $v3-Confidentiality#U ^designation.language = #bg
* $v3-Confidentiality#U ^designation.value = "без ограничения"
* $v3-Confidentiality#L "low"
* $v3-Confidentiality#L ^designation.language = #bg
* $v3-Confidentiality#L ^designation.value = "ниска поверителност"
* $v3-Confidentiality#M "moderate"
* $v3-Confidentiality#M ^designation.language = #bg
* $v3-Confidentiality#M ^designation.value = "умерена поверителност"
* $v3-Confidentiality#N "normal"
* $v3-Confidentiality#N ^designation.language = #bg
* $v3-Confidentiality#N ^designation.value = "обичайна поверителност"
* $v3-Confidentiality#R "restricted"
* $v3-Confidentiality#R ^designation.language = #bg
* $v3-Confidentiality#R ^designation.value = "с ограничен достъп"
* $v3-Confidentiality#V "very restricted"
* $v3-Confidentiality#V ^designation.language = #bg
* $v3-Confidentiality#V ^designation.value = "със силно ограничен достъп"

ValueSet: HmSensitivityCodes
Id: hm-sensitivity
Title: "Sensitivity of what health mediators record"
Description: "HL7 v3-ActCode sensitivities that an activity can have."
* insert HmList
* $v3-ActCode#STD "sexually transmitted disease information sensitivity"
* $v3-ActCode#STD ^designation.language = #bg
* $v3-ActCode#STD ^designation.value = "полово предавани инфекции"
* $v3-ActCode#HIV "HIV/AIDS information sensitivity"
* $v3-ActCode#HIV ^designation.language = #bg
* $v3-ActCode#HIV ^designation.value = "ХИВ и СПИН"
* $v3-ActCode#SEX "sexuality and reproductive health information sensitivity"
* $v3-ActCode#SEX ^designation.language = #bg
* $v3-ActCode#SEX ^designation.value = "сексуално и репродуктивно здраве"
* $v3-ActCode#SDV "sexual assault, abuse, or domestic violence information sensitivity"
* $v3-ActCode#SDV ^designation.language = #bg
* $v3-ActCode#SDV ^designation.value = "насилие"
