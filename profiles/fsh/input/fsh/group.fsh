// People who are not named one by one.

Profile: HmGroup
Parent: Group
Id: hm-group
Title: "Group"
Description: "Several people who are not named one by one (група): those who came to a health talk. It has no members and no traits: how many took part is a finding of each activity."
* insert HmSurrogate
* type = #person
* actual = true
* quantity MS
* quantity ^short = "How many people, for a group that met once"
* managingEntity 1..1 MS
* managingEntity only Reference(HmMunicipality)
* characteristic 0..0
* characteristic ^short = "A group is never described by ethnicity or any other trait"
* member 0..0
* member ^short = "Nobody is named"
