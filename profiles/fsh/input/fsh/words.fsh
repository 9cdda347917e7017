// Coded elements: the project's own word always, and beside it what public code systems call it.
//
// The value set is bound to the own coding, not to the CodeableConcept: some validators want every coding of a
// CodeableConcept in its required value set.

RuleSet: HmWord(path, system, codes)
* {path}.coding ^slicing.discriminator.type = #value
* {path}.coding ^slicing.discriminator.path = "system"
* {path}.coding ^slicing.rules = #open
* {path}.coding contains own 1..1 MS
* {path}.coding[own] ^short = "The project's own word, in English and Bulgarian"
* {path}.coding[own] from {codes} (required)
* {path}.coding[own].system 1..1
* {path}.coding[own].system = {system} (exactly)
* {path}.coding[own].code 1..1

RuleSet: HmBeside(path, slice, system, codes)
* {path}.coding contains {slice} 0..1 MS
* {path}.coding[{slice}] from {codes} (extensible)
* {path}.coding[{slice}].system 1..1
* {path}.coding[{slice}].system = {system} (exactly)
* {path}.coding[{slice}].code 1..1
