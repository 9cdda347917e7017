// The way of a referral there and back. Status, business status, output and notes are the receiver's once it was made.

Invariant: hm-task-reason
Description: "A receiver that rejects a referral, or fails to carry it out, says why."
Severity: #warning
Expression: "status in ('rejected' | 'failed') implies statusReason.exists()"

Profile: HmReferralTask
Parent: Task
Id: hm-referral-task
Title: "Referral task"
Description: "How a referral fares (проследяване на насочването), in the pattern of SDOH Clinical Care and BSeR. The sender makes it as requested; after that status, statusReason, businessStatus, owner, output, note, lastModified and executionPeriod are the receiver's, and the sender never overwrites them: requested, then accepted or rejected, in-progress, and completed, failed or cancelled; on-hold at any time. The business status says what became of the appointment."
* insert HmSurrogate
* insert HmLabels
* obeys hm-task-reason
* status from HmReferralTaskStatusCodes (required)
* status MS
* status ^short = "How far it is; the receiver moves it on"
* statusReason MS
* statusReason ^short = "Why it was rejected, stopped or failed: a text of the receiver"
* businessStatus MS
* businessStatus from HmReferralProgressCodes (extensible)
* businessStatus ^short = "scheduled, attended, unattended or cancelled: the appointment"
* businessStatus ^definition = "What became of the appointment, by the sender as the person told it, then by the receiver. A receiver can add a code of its own, such as one of BSeR."
* intent = #order
* priority 1..1 MS
* priority ^short = "How urgent, as in the referral"
* code 1..1 MS
* code = $task-code#fulfill
* focus 1..1 MS
* focus only Reference(HmReferral)
* focus ^short = "The referral"
* for 1..1 MS
* for only Reference(HmPatient or HmGroup)
* for ^short = "Who is referred"
* encounter 1..1 MS
* encounter only Reference(HmEncounter)
* encounter ^short = "The activity in which the mediator referred"
* authoredOn 1..1 MS
* authoredOn ^short = "When the task was made; stays as it was"
* lastModified 1..1 MS
* lastModified ^short = "When the sender, then the receiver, changed it"
* requester 1..1 MS
* requester only Reference(HmMediatorRole)
* requester ^short = "The mediator, who waits for the answer"
* owner 0..1 MS
* owner ^short = "Who carries it out: first the facility, then whom the receiver names; absent for an open pool"
* output MS
* output ^short = "What came of it at the receiver: a result, a report, an appointment"
