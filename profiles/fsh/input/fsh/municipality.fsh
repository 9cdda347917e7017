// The employer of the mediators, and owner of the local system.

Invariant: hm-nsi
Description: "The code of a municipality is three letters and two digits (National Statistical Institute)."
Severity: #error
Expression: "matches('^[A-Z]{3}[0-9]{2}$')"

Profile: HmMunicipality
Parent: Organization
Id: hm-municipality
Title: "Municipality"
Description: "A Bulgarian municipality (община) that employs health mediators, by the code of the National Statistical Institute (НСИ). In the pattern of the IHE mCSD jurisdiction."
* insert HmSurrogate
* insert HmIdentifierKinds
* identifier contains municipality 1..1 MS
* identifier[municipality] ^short = "Code of the National Statistical Institute, such as SFO39"
* identifier[municipality].use 1..1
* identifier[municipality].use = #official
* identifier[municipality].type 1..1
* identifier[municipality].type = $hm-identifier-kind#municipality
* identifier[municipality].system 1..1
* identifier[municipality].value 1..1 MS
* identifier[municipality].value obeys hm-nsi
* type 1..1 MS
* type = $organization-type#govt
* name 1..1 MS
* name ^short = "Bulgarian name"
* alias 0..1 MS
* alias ^short = "English name"
* address 0..1 MS
* address ^short = "Seat"
* insert HmSettlement(address)
* address.country = "BG"
