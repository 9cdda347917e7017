// What all findings of a mediator have in common. Findings are told apart by their code; each has its profile.

Profile: HmFinding
Parent: Observation
Id: hm-finding
Title: "Finding of a health mediator"
Description: "What a mediator learned (констатация): what all findings have in common. A mediator measures and examines nothing: it was told, or read from a paper."
* insert HmSurrogate
* insert HmLabels
* status MS
* code MS
* subject 1..1 MS
* subject only Reference(HmPatient or HmGroup)
* subject ^short = "Whom it is about"
* encounter 1..1 MS
* encounter only Reference(HmEncounter)
* encounter ^short = "The activity in which it was learned"
* effective[x] only dateTime
* effective[x] MS
* effective[x] ^short = "Since when it is known"
* performer 0..1 MS
* performer only Reference(HmMediatorRole or HmFacility)
* performer ^short = "The mediator who recorded it; of a test, the facility that did it"
* bodySite 0..0
* specimen 0..0
* device 0..0
* referenceRange 0..0

// A finding that the mediator recorded during the activity.
RuleSet: HmOwnFinding
* status from HmFindingStatusCodes (required)
* effective[x] 1..1
* performer 1..1
* performer only Reference(HmMediatorRole)

RuleSet: HmOfPerson
* subject only Reference(HmPatient)
