// Whom an activity is about.

Invariant: hm-somebody
// A warning: a person whom only the municipality's own system can tell is somebody, too, until it knows more.
Description: "A person should have a number or a name, else only the municipality can tell who it is."
Severity: #warning
Expression: "name.exists() or identifier.type.exists()"

Profile: HmPatient
Parent: Patient
Id: hm-patient
Title: "Person"
Description: "A person (лице) whom a health mediator works with: numbers with their kind, name, where they live, the language that they speak. Never ethnicity, race or religion."
* insert HmSurrogate
* insert HmPersonNumbers
* obeys hm-somebody
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
