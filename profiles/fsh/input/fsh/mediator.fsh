// The health mediator, and the role that a municipality employs them for.

Profile: HmMediator
Parent: Practitioner
Id: hm-mediator
Title: "Health mediator"
Description: "The health mediator (здравен медиатор) as a person: name, number at the municipality, work telephone. A mediator is no clinician: no UIN, no qualification."
* insert HmSurrogate
* insert HmIdentifierKinds
* identifier contains mediator 1..1 MS
* identifier[mediator] ^short = "Number of the mediator at the municipality"
* identifier[mediator].use 1..1
* identifier[mediator].use = #official
* identifier[mediator].type 1..1
* identifier[mediator].type = $hm-identifier-kind#mediator
* identifier[mediator].system 1..1
* identifier[mediator].value 1..1 MS
* identifier[mediator].assigner 1..1 MS
* identifier[mediator].assigner only Reference(HmMunicipality)
* name 1..1 MS
* name.family MS
* name.given MS
* insert HmPhone(telecom)
* telecom.use 1..1
* telecom.use = #work
* birthDate 0..0
* birthDate ^short = "The private life of the mediator is not sent"
* address 0..0
* address ^short = "The private life of the mediator is not sent"
* qualification 0..0
* qualification ^short = "A mediator is no clinician"

Profile: HmMediatorRole
Parent: PractitionerRole
Id: hm-mediator-role
Title: "Health mediator in the service of a municipality"
Description: "Who did it, and for whom: the mediator as an employee of the municipality, with the code 3253 3001 of the Bulgarian classification of occupations (НКПД; ISCO-08 3253 Community health workers). All activities name this role."
* insert HmSurrogate
* practitioner 1..1 MS
* practitioner only Reference(HmMediator)
* organization 1..1 MS
* organization only Reference(HmMunicipality)
* code 1..1 MS
* code.coding ^slicing.discriminator.type = #value
* code.coding ^slicing.discriminator.path = "code"
* code.coding ^slicing.rules = #open
* code.coding contains occupation 1..1 MS
* code.coding[occupation] ^short = "Health mediator; the system of the classification is a setting"
* code.coding[occupation].system 1..1
* code.coding[occupation].code 1..1
* code.coding[occupation].code = #"3253 3001" (exactly)
* code.text 1..1
* specialty 0..0
* specialty ^short = "A mediator is no clinician"
* location only Reference(HmServiceArea or HmPlace)
* location MS
* location ^short = "Neighbourhoods that the mediator serves, and offices"
* insert HmPhone(telecom)
* telecom.use 1..1
* telecom.use = #work
* availableTime MS
