// Words that the form asks for and no profile does.

ValueSet: HmActivityStatusCodes
Id: hm-activity-status
Title: "State of an activity"
Description: "All states of an activity (състояние на дейността)."
* insert HmList
* include codes from system $hm-activity-status

ValueSet: HmImmunisationStatusCodes
Id: hm-immunisation-status
Title: "State of an immunisation"
Description: "All states of an immunisation that a mediator notes (състояние на имунизация)."
* insert HmList
* include codes from system $hm-immunisation-status

ValueSet: HmPersonRoleCodes
Id: hm-person-role
Title: "Part of a person in an activity"
Description: "Whom the activity is about, and who is there beside (участие)."
* insert HmList
* include codes from system $hm-person-role

ValueSet: HmActivityOutcomeCodes
Id: hm-activity-outcome
Title: "Outcome of an activity that took place"
Description: "What came of an activity (резултат от дейността), without that it did not take place: its state says that."
* insert HmList
* include codes from system $hm-outcome
