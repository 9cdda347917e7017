// Counts for those who plan and pay: municipality, regional health inspectorate, ministry.

Invariant: hm-indicator-sum
Description: "A part of those who could be counted is not more than all of them."
Severity: #error
Expression: "population.where(code.coding.exists(code = 'numerator')).count.first().empty() or population.where(code.coding.exists(code = 'denominator')).count.first().empty() or population.where(code.coding.exists(code = 'numerator')).count.first() <= population.where(code.coding.exists(code = 'denominator')).count.first()"

ValueSet: HmPopulationCodes
Id: hm-population
Title: "What is counted in an indicator"
Description: "All who could be counted, and those who were."
* insert HmList
* $measure-population#initial-population "Initial Population"
* $measure-population#initial-population ^designation.language = #bg
* $measure-population#initial-population ^designation.value = "изходна съвкупност"
* $measure-population#numerator "Numerator"
* $measure-population#numerator ^designation.language = #bg
* $measure-population#numerator ^designation.value = "числител"
* $measure-population#denominator "Denominator"
* $measure-population#denominator ^designation.language = #bg
* $measure-population#denominator ^designation.value = "знаменател"

Profile: HmIndicatorReport
Parent: MeasureReport
Id: hm-indicator-report
Title: "Indicator report"
Description: "Counts of a municipality over a period, such as a month (отчет): activities by type, outcomes, barriers, participants. Nobody is named and no resource of a person is referenced."
* insert HmSurrogate
* type = #summary
* status MS
* measure MS
* subject 0..0
* subject ^short = "The report is of a municipality: reporter"
* date 1..1 MS
* reporter 1..1 MS
* reporter only Reference(HmMunicipality)
* period MS
* period.start 1..1
* period.end 1..1
* group 1..* MS
* group obeys hm-indicator-sum
* group.code 1..1 MS
* group.code from HmIndicatorCodes (extensible)
* group.code ^short = "What is counted"
* group.population 1..* MS
* group.population.code 1..1
* group.population.code from HmPopulationCodes (required)
* group.population.count 1..1 MS
* group.population.count ^minValueInteger = 0
* group.population.subjectResults 0..0
* group.stratifier.stratum.population.subjectResults 0..0
* evaluatedResource 0..0
* evaluatedResource ^short = "Nobody is named"
