// Who else took part: mother, child, partner, relative, contact.

Profile: HmRelatedPerson
Parent: RelatedPerson
Id: hm-related-person
Title: "Companion"
Description: "A person who took part in an activity, or who is told of in it (придружител, роднина, контактно лице). It belongs to that one activity and has its labels: that somebody is a partner or a contact can be all that must not be known."
* insert HmSurrogate
* insert HmLabels
* insert HmPersonNumbers
* active 1..1 MS
* active ^short = "False when the activity was an error"
* patient 1..1 MS
* patient only Reference(HmPatient)
* relationship 1..1 MS
* insert HmWord(relationship, $hm-person-role, HmPersonRoleCodes)
* relationship.coding contains hl7 0..1 MS
* relationship.coding[hl7].system 1..1
* relationship.coding[hl7].system = $v3-RoleCode (exactly)
* relationship.coding[hl7].code 1..1
* relationship ^short = "Part in the activity, and how HL7 v3 calls it"
* name 0..1 MS
* name.family MS
* name.given MS
* insert HmPhone(telecom)
* gender MS
* birthDate MS
* address 0..1 MS
* address.use 1..1
* address.use = #home
* insert HmSettlement(address)
* address.country = "BG"
* communication 0..1 MS
* communication.language.text 1..1 MS
* communication.preferred 1..1
* communication.preferred = true
