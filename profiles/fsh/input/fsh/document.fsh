// Papers that were handed over, shown, filled in or submitted.

Invariant: hm-document-draft
Description: "A paper that was only filled in is not final."
Severity: #error
Expression: "context.event.coding.where(code = 'filled-in').exists() implies docStatus = 'preliminary'"

Profile: HmDocument
Parent: DocumentReference
Id: hm-document
Title: "Paper"
Description: "A paper that a mediator helped with (документ): which kind, what was done with it, and its date. Its number and content are not recorded: FHIR demands an attachment, which has the title alone."
* insert HmSurrogate
* insert HmLabels
* obeys hm-document-draft
* masterIdentifier 0..0
* masterIdentifier ^short = "The number of a paper is not sent"
* status from HmDocumentStatusCodes (required)
* status MS
* docStatus 1..1 MS
* docStatus ^short = "preliminary when it was only filled in"
* type 1..1 MS
* insert HmWord(type, $hm-document-kind, HmDocumentKindCodes)
* subject 1..1 MS
* subject only Reference(HmPatient or HmGroup)
* date 1..1 MS
* date ^short = "When it was recorded"
* content 1..1
* content.attachment.title 1..1 MS
* content.attachment.title ^short = "Name of the kind of paper: it exists, and is not here"
* content.attachment.creation MS
* content.attachment.creation ^short = "Date of the paper"
* content.attachment.data 0..0
* content.attachment.data ^short = "The content is not here"
* content.attachment.url 0..0
* content.attachment.url ^short = "The content is not here"
* context 1..1
* context.encounter 1..1 MS
* context.encounter only Reference(HmEncounter)
* context.event 1..1 MS
* insert HmWord(context.event, $hm-document-step, HmDocumentStepCodes)
* context.event ^short = "What was done with it"
