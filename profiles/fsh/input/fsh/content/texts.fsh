// Texts in two languages: the translation of an element beside its value
// (https://hl7.org/fhir/R4/extension-translation.html).

RuleSet: Translated(element, language, text)
* {element}.extension[+].url = "http://hl7.org/fhir/StructureDefinition/translation"
* {element}.extension[=].extension[+].url = "lang"
* {element}.extension[=].extension[=].valueCode = #{language}
* {element}.extension[=].extension[+].url = "content"
* {element}.extension[=].extension[=].valueString = {text}

// What every resource of this folder says of itself.
RuleSet: Published(type, id)
* url = "https://w3id.org/hm-fhir/{type}/{id}"
* version = "1.0.0"
* status = #active
* experimental = false
* date = "2026-11-23"
* publisher = "hm-fhir"
