// The appointment that a referral got.

Invariant: hm-appointment-person
Description: "One participant is the person."
Severity: #error
Expression: "participant.actor.where(reference.contains('Patient/') or type = 'Patient').count() = 1"

Profile: HmAppointment
Parent: Appointment
Id: hm-appointment
Title: "Appointment of a referral"
Description: "The appointment that a referral got (записан час), as the mediator was told. The place keeps its own diary: status, reason of a cancellation, slot and comment are the receiver's. Where nobody knows the end, it is the start. A group has no appointment."
* insert HmSurrogate
* insert HmLabels
* status MS
* status ^short = "proposed, booked, fulfilled, noshow, cancelled: then as the place says"
* insert HmReasons
* start 1..1 MS
* start ^short = "When to be there"
* end 1..1 MS
* end ^short = "The start, where nobody knows the end"
* basedOn 1..1 MS
* basedOn only Reference(HmReferral)
* basedOn ^short = "The referral"
* participant MS
* participant ^short = "The person, and the place; the place adds who else is needed"
* participant.actor MS
* participant.actor only Reference(HmPatient or HmPlace or HmWard or Location or Practitioner or PractitionerRole or RelatedPerson or HealthcareService or Device)
* participant.actor ^short = "The person, and the place; then whom the place names, such as a doctor"
* obeys hm-appointment-person
