// Who is who: surrogate identifiers of all resources, national numbers of people, codes of settlements.
//
// No official FHIR system of a Bulgarian number was found, so no system is fixed anywhere: the type of an identifier
// says what it is (CodeSystem identifier-kind), and the settings of each deployment say which system it has.

Invariant: hm-surrogate
Description: "Every resource has its surrogate identifier: one with a system and a value, and without a type."
Severity: #error
Expression: "identifier.where(type.empty() and system.exists() and value.exists()).exists()"

Invariant: hm-egn
Description: "An EGN has ten digits, and the last one is its check digit."
Severity: #error
Expression: "matches('^[0-9]{10}$') and (substring(0, 1).toInteger() * 2 + substring(1, 1).toInteger() * 4 + substring(2, 1).toInteger() * 8 + substring(3, 1).toInteger() * 5 + substring(4, 1).toInteger() * 10 + substring(5, 1).toInteger() * 9 + substring(6, 1).toInteger() * 7 + substring(7, 1).toInteger() * 3 + substring(8, 1).toInteger() * 6) mod 11 mod 10 = substring(9, 1).toInteger()"

Invariant: hm-lnch
Description: "An LNCh has ten digits, and the last one is its check digit."
Severity: #error
Expression: "matches('^[0-9]{10}$') and (substring(0, 1).toInteger() * 21 + substring(1, 1).toInteger() * 19 + substring(2, 1).toInteger() * 17 + substring(3, 1).toInteger() * 13 + substring(4, 1).toInteger() * 11 + substring(5, 1).toInteger() * 9 + substring(6, 1).toInteger() * 7 + substring(7, 1).toInteger() * 3 + substring(8, 1).toInteger()) mod 10 = substring(9, 1).toInteger()"

Invariant: hm-ekatte
Description: "An EKATTE code has five digits, with leading zeros."
Severity: #error
Expression: "matches('^[0-9]{5}$')"

Invariant: hm-no-ethnicity
Description: "Ethnicity, race and religion are never recorded."
Severity: #error
Expression: "extension.where(url.lower().contains('ethnic') or url.lower().contains('religion') or url.lower().contains('congregation') or url.lower().contains('tribal') or url.lower().endsWith('/race') or url.lower().endsWith('-race')).empty()"

RuleSet: HmSurrogate
* identifier 1..* MS
* identifier ^short = "What identifies it, everywhere and for ever"
* identifier ^definition = "One identifier has no type: the surrogate of the deployment, a keyed hash that tells nothing about a person. Conditional operations use only that one."
* obeys hm-surrogate

RuleSet: HmIdentifierKinds
* identifier ^slicing.discriminator.type = #pattern
* identifier ^slicing.discriminator.path = "type"
* identifier ^slicing.rules = #open
* identifier ^slicing.description = "The type says which number it is; the system is a setting of the deployment"

// The national numbers of a person (Patient, RelatedPerson).
RuleSet: HmPersonNumbers
* insert HmIdentifierKinds
* identifier contains egn 0..1 MS and lnch 0..1 MS and nhisNewborn 0..1 MS and passport 0..1 MS
* identifier[egn].type = $hm-identifier-kind#egn
* insert HmPersonNumber(egn, Bulgarian national number: ЕГН, official)
* identifier[egn].value obeys hm-egn
* identifier[lnch].type = $hm-identifier-kind#lnch
* insert HmPersonNumber(lnch, Number of a foreigner in Bulgaria: ЛНЧ, official)
* identifier[lnch].value obeys hm-lnch
* identifier[nhisNewborn].type = $hm-identifier-kind#nhis-newborn
* insert HmPersonNumber(nhisNewborn, Temporary number of a newborn in the national system, temp)
* identifier[passport].type = $hm-identifier-kind#passport
* insert HmPersonNumber(passport, Number of a passport, official)
* obeys hm-no-ethnicity

RuleSet: HmPersonNumber(slice, text, use)
* identifier[{slice}] ^short = "{text}"
* identifier[{slice}].use 1..1
* identifier[{slice}].use = #{use}
* identifier[{slice}].type 1..1 MS
* identifier[{slice}].system 1..1 MS
* identifier[{slice}].system ^short = "As the settings of the deployment say; no official one was found"
* identifier[{slice}].value 1..1 MS

// The code of a settlement stands beside its name, because names repeat in Bulgaria.
RuleSet: HmSettlement(path)
* {path}.city MS
* {path}.city ^short = "Name of the settlement; its EKATTE code is the extension"
* {path}.city.extension contains $iso21090-SC-coding named ekatte 0..1 MS
* {path}.city.extension[ekatte] ^short = "EKATTE code of the settlement"
* {path}.city.extension[ekatte].value[x].system 1..1
* {path}.city.extension[ekatte].value[x].code 1..1
* {path}.city.extension[ekatte].value[x].code obeys hm-ekatte
* {path}.country 1..1

RuleSet: HmPhone(path)
* {path} MS
* {path}.system 1..1
* {path}.value 1..1
