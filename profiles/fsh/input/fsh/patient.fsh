// Whom an activity is about.

Invariant: hm-somebody
// A warning: a person whom only the municipality's own system can tell is somebody, too, until it knows more.
Description: "A person should have a number or a name, else only the municipality can tell who it is."
Severity: #warning
Expression: "name.exists() or identifier.type.exists()"

Invariant: hm-one-record
Description: "Whoever is active has not been replaced by another record."
Severity: #error
Expression: "active = true implies link.where(type = 'replaced-by').empty()"

Profile: HmPatient
Parent: Patient
Id: hm-patient
Title: "Person"
Description: "A person (лице) whom a health mediator works with: numbers with their kind, name, where they live, the language that they speak. Never ethnicity, race or religion."
* insert HmSurrogate
* insert HmPersonNumbers
* obeys hm-somebody
* obeys hm-one-record
* active MS
* active ^short = "False when no activity is about this person any more"
* name MS
* name ^short = "As the person uses it; a registry adds former names, or other letters"
* name.family MS
* name.given MS
* insert HmPhone(telecom)
* gender MS
* gender ^short = "Administrative gender, when it is known"
* birthDate MS
* birthDate ^short = "Taken from the EGN when nobody told it"
* address MS
* address ^short = "Where the person lives; a registry adds former ones, and those abroad"
* address.use 1..1
* insert HmSettlement(address)
* address.line MS
* address.line ^short = "Street and number; neighbourhood"
* communication MS
* communication.language.text 1..1 MS
* communication.language ^short = "Language that the person prefers, as a BCP 47 tag in the text"
* communication.language ^definition = "The tag (bg, tr, rom) is a text, because some servers refuse languages that are not in FHIR's own short list."
* communication.preferred 1..1
* link MS
* link ^short = "Records of the same person under weaker numbers"
* link ^definition = "What was sent under a weaker number (LNCh, number of a newborn, passport) or a former local number, before the stronger one was known. Which weaker numbers there are, not every activity knows: the link of the replaced record says it in any case."

Profile: HmReplacedPatient
Parent: Patient
Id: hm-replaced-patient
Title: "Replaced record of a person"
Description: "The record of a person under a weaker number or a former local number (заменен запис на лице): not active, and nothing but the number and the link to the record that replaces it. What was sent before still refers to it."
* insert HmSurrogate
* identifier ..2
* insert HmPersonNumbers
* active 1..1 MS
* active = false
* link 0..1 MS
* link ^short = "The record that counts; taken back when it turned out to be wrong"
* link.type = #replaced-by
* link.other MS
* link.other only Reference(HmPatient)
* insert NotOfReplaced(name)
* insert NotOfReplaced(telecom)
* insert NotOfReplaced(gender)
* insert NotOfReplaced(birthDate)
* insert NotOfReplaced(address)
* insert NotOfReplaced(maritalStatus)
* insert NotOfReplaced(contact)
* insert NotOfReplaced(communication)

RuleSet: NotOfReplaced(element)
* {element} 0..0
* {element} ^short = "Stands in the record that counts"
