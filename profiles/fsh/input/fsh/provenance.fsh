// Who recorded all this, for whom, and when.

Profile: HmProvenance
Parent: Provenance
Id: hm-provenance
Title: "Record of an activity"
Description: "Who recorded an activity and all that came of it, for which municipality, and when (произход на записа). What many activities share (people, places) is not its target."
* insert HmLabels
* target MS
* target ^short = "What this version of the activity wrote"
* occurred[x] only Period
* occurred[x] MS
* occurred[x] ^short = "When the activity took place; absent when it did not"
* recorded MS
* recorded ^short = "When the local system recorded this version"
* activity 1..1 MS
* activity from HmRecordingCodes (required)
* activity ^short = "A first version, a correction, or that it was an error"
* agent MS
* agent.type 1..1
* agent ^slicing.discriminator.type = #pattern
* agent ^slicing.discriminator.path = "type"
* agent ^slicing.rules = #open
* agent contains author 1..1 MS
* agent[author].type = $provenance-participant-type#author
* agent[author].who only Reference(HmMediatorRole)
* agent[author].onBehalfOf 1..1 MS
* agent[author].onBehalfOf only Reference(HmMunicipality)
