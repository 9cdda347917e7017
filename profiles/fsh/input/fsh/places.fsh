// Where it happened: places, wards, and the neighbourhoods that a mediator serves.

Profile: HmPlace
Parent: Location
Id: hm-place
Title: "Place of care or service"
Description: "Where a facility is (място), with the EKATTE code of the settlement."
* insert HmSurrogate
* name 1..1 MS
* mode 1..1
* mode = #instance
* insert HmFacilityTypes
* insert HmPhone(telecom)
* address MS
* address.line MS
* insert HmSettlement(address)
* address.country = "BG"
* managingOrganization 1..1 MS
* managingOrganization only Reference(HmFacility or HmMunicipality)
* managingOrganization ^short = "The facility; of a mediator's office, the municipality"

Profile: HmWard
Parent: Location
Id: hm-ward
Title: "Ward"
Description: "A ward of a hospital (отделение)."
* insert HmSurrogate
* name 1..1 MS
* mode 1..1
* mode = #instance
* type 0..1 MS
* insert HmWord(type, $hm-specialty, HmSpecialtyCodes)
* type ^short = "Medical specialty of the ward"
* physicalType 1..1
* physicalType = $location-physical-type#wa
* managingOrganization 1..1 MS
* managingOrganization only Reference(HmFacility)
* partOf 1..1 MS
* partOf only Reference(HmPlace)
* partOf ^short = "The hospital"

Profile: HmServiceArea
Parent: Location
Id: hm-service-area
Title: "Service area"
Description: "A settlement or neighbourhood that a mediator serves (район на обслужване). The mediator's role names it as its location."
* insert HmSurrogate
* name 1..1 MS
* name ^short = "Name of the neighbourhood or settlement"
* mode 1..1
* mode = #instance
* physicalType 1..1
* physicalType = $location-physical-type#area
* address 1..1 MS
* insert HmSettlement(address)
* address.country = "BG"
* address.city 1..1
* address.city.extension[ekatte] 1..1
* managingOrganization 1..1 MS
* managingOrganization only Reference(HmMunicipality)
* partOf only Reference(HmServiceArea)
