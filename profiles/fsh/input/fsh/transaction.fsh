// A delivery: resources that are written together, or not at all.

Invariant: hm-entry-address
Description: "A resource that is put to its id has the fullUrl of that id."
Severity: #error
Expression: "request.method = 'PUT' and request.url.contains('?').not() implies fullUrl.endsWith('/' + request.url)"

Invariant: hm-entry-once
Description: "What the receiver gives an id is created once: POST names the surrogate identifier (ifNoneExist)."
Severity: #error
Expression: "request.method = 'POST' implies request.ifNoneExist.startsWith('identifier=')"

Profile: HmTransaction
Parent: Bundle
Id: hm-transaction
Title: "Delivery"
Description: "A transaction that writes the resources of activities (доставка). Sending it again changes nothing: each resource is put to its id, or created only when its surrogate identifier is new. Nothing is deleted: what should not be there any more says so itself."
* type = #transaction
* total 0..0
* entry 1..* MS
* entry obeys hm-entry-address and hm-entry-once
* entry.fullUrl 1..1
* entry.resource 1..1 MS
* entry.search 0..0
* entry.request 1..1 MS
* entry.request.method from HmBundleMethodCodes (required)
* entry.request.ifMatch MS
* entry.request.ifMatch ^short = "Where the receiver owns elements: the version that was read"
* entry.response 0..0
