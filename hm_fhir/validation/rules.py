"""All rules of validation beside the invariants of FHIR and of profiles, whose key is their id (``per-1``).

This is the table of the reference page; a test compares it with what the code reports.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from hm_fhir.validation.issue import Severity


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule.

    Attributes:
        name: its id in issues and policies.
        severities: what its findings count, the usual one first.
        finds: what it finds.
    """

    name: str
    severities: tuple[Severity, ...]
    finds: str


_E: Final[tuple[Severity, ...]] = ("error",)
_W: Final[tuple[Severity, ...]] = ("warning",)
_I: Final[tuple[Severity, ...]] = ("information",)
_EW: Final[tuple[Severity, ...]] = ("error", "warning")

GROUPS: Final[dict[str, tuple[Rule, ...]]] = {
    "Texts": (
        Rule(
            "not-json",
            _E,
            "no JSON as FHIR wants it: syntax, NaN, a name twice, other text behind, not UTF-8, too deep",
        ),
        Rule("not-fhir", _E, "JSON, but no resource: no object, or no `resourceType`"),
        Rule("resource-type-unknown", _E, "R4 has no such type of resource"),
    ),
    "Structure": (
        Rule("unknown-element", _E, "a property that the type does not have"),
        Rule(
            "wrong-json-type",
            _E,
            "a text where a number must stand, a value where an object must stand, and the like",
        ),
        Rule("list-expected", _E, "one value where a list must stand"),
        Rule("list-not-expected", _E, "a list where one value must stand"),
        Rule("null-value", _E, "null, other than as a placeholder in a list of primitive values"),
        Rule("empty-value", _E, "an empty text"),
        Rule("empty-list", _E, "a list without items"),
        Rule("empty-object", _E, "an object without properties"),
        Rule("choice-repeated", _E, "two types of one choice: `valueString` and `valueCode`"),
        Rule("cardinality-min", _E, "an element is missing, or too few are there"),
        Rule("cardinality-max", _E, "too many, or one that must not be there"),
        Rule("duplicate-id", _E, "the id of another element of the resource"),
    ),
    "Values": (
        Rule("primitive-format", _EW, "no value of its primitive type: a date that is none, a code with two blanks"),
        Rule("primitive-whitespace", _W, "white space around a value, or nothing else"),
        Rule("primitive-characters", _W, "control characters, or a writing direction that is not closed"),
        Rule("max-length", _E, "longer than the type or the profile allows"),
        Rule("value-range", _E, "less or more than the profile allows"),
        Rule("fixed-value", _E, "not the value that the profile fixes"),
        Rule("pattern-value", _E, "without what the pattern of the profile asks for"),
        Rule("type-not-allowed", _E, "a type of a choice that the profile does not allow"),
        Rule("attachment-size", _E, "`size` is not that of `data`"),
        Rule("attachment-hash", _E, "`hash` is not that of `data`"),
        Rule("attachment-empty", _W, "an attachment with neither content nor a hint at it"),
    ),
    "Codes": (
        Rule("binding-required", _E, "not in the value set from which it must come"),
        Rule("binding-extensible", _W, "not in the value set from which it should come"),
        Rule("binding-max", _E, "not in the greatest value set that is allowed"),
        Rule("code-unknown", _E, "its code system is known and does not have it"),
        Rule("code-not-checked", _I, "its code system or value set cannot be listed here: SNOMED CT, LOINC, ICD-10"),
        Rule("code-without-system", _W, "a code without the URI of its code system"),
        Rule("coding-system", _EW, "the system of a code is no absolute URI, or is the URL of a value set"),
        Rule("identifier-system", _EW, "the system of an identifier is no absolute URI, or does not fit its value"),
        Rule("security-label-twice", _E, "a security label stands twice"),
        Rule("ucum", _E, "no unit of UCUM"),
        Rule("ucum-annotation", _W, "a UCUM code with an annotation in braces"),
    ),
    "References": (
        Rule("reference-format", _E, "no reference: neither URL, nor type and id, nor `#id`"),
        Rule("reference-type", _E, "`type` is not that of what the reference points to"),
        Rule("reference-target", _E, "points to a type, or a resource, that is not allowed there"),
        Rule("reference-unresolved", _E, "`#id` of no contained resource"),
        Rule("reference-aggregation", _E, "contained, in the bundle or elsewhere, where that is not allowed"),
        Rule("reference-display", _W, "a reference with neither address nor identifier nor display"),
        Rule("contained-id", _E, "a contained resource without an id, or with the id of another one"),
        Rule("contained-unreferenced", _E, "a contained resource that nothing refers to"),
        Rule("canonical-url", _EW, "the URL of a definition is not absolute, or its version cannot be named"),
    ),
    "Profiles": (
        Rule("profile-unknown", _E, "a profile that the resource claims is not at hand"),
        Rule("profile-wrong-type", _E, "a profile of another type of resource"),
        Rule("profile-none", _E, "conforms to none of the profiles that are allowed there"),
        Rule("slice-min", _E, "an item of a slice is missing"),
        Rule("slice-max", _E, "too many items of a slice"),
        Rule("slicing-closed", _E, "an item that is in no slice, where each must be in one"),
        Rule("slicing-order", _E, "the items are not in the order of the slices"),
        Rule("slicing-ambiguous", _E, "an item is in several slices"),
        Rule("slice-not-checked", _I, "which items are in a slice cannot be told"),
        Rule("invariant-not-checked", _W, "the expression of an invariant is not FHIRPath that can be run"),
    ),
    "Extensions": (
        Rule("extension-unknown", _I, "the definition of an extension is not at hand"),
        Rule("modifier-extension-unknown", _I, "the same of an extension that changes the meaning of its element"),
        Rule("extension-url", _E, "the url of an extension is not absolute"),
        Rule("extension-part", _E, "a part that the definition of the extension does not have"),
        Rule("extension-context", _E, "an extension where its definition does not allow it"),
        Rule("extension-modifier", _E, "`extension` instead of `modifierExtension`, or the other way round"),
    ),
    "Narrative": (
        Rule("narrative-xml", _E, "a narrative that is no well-formed XHTML, or has a document type"),
        Rule("narrative-namespace", _E, "an element outside of the namespace of XHTML"),
        Rule("narrative-structure", _E, "elements of XHTML where they must not stand"),
        Rule("narrative-link", _E, "a link in the narrative leads to nothing, or runs something"),
        Rule("narrative-id", _W, "an id stands twice in the narrative"),
        Rule(
            "narrative-language", _W, "the language of the narrative is not that of the resource, or not said twice"
        ),
    ),
    "Bundles": (
        Rule(
            "bundle-first-entry",
            _E,
            "a document does not start with its Composition, a message with its MessageHeader",
        ),
        Rule("bundle-full-url", _E, "`fullUrl` is missing, not absolute, or does not fit the id"),
        Rule("bundle-link", _EW, "a link whose relation is unknown, stands twice, or is of no use"),
        Rule("bundle-orphan", _EW, "an entry that nothing connects with the first one"),
        Rule("bundle-reference", _EW, "a reference that cannot be found among the entries, or means several"),
        Rule("bundle-request", _W, "the URL of a request does not fit its method or resource"),
        Rule("bundle-search", _EW, "entries of a search result without resource, id, or a right search mode"),
    ),
    "Answers to questionnaires": (
        Rule("questionnaire-unknown", _W, "the form is not at hand"),
        Rule("questionnaire-item", _E, "an item that the form does not have there"),
        Rule("questionnaire-order", _E, "items in another order than in the form"),
        Rule("questionnaire-repeats", _E, "an item is repeated that must not be"),
        Rule("questionnaire-text", _E, "the text of an item is not that of the question"),
        Rule("questionnaire-condition", _EW, "a condition of the form about no other question, or a later one"),
        Rule("answer-missing", _EW, "a question that must be answered is not (a warning until it is finished)"),
        Rule("answer-not-enabled", _E, "an answer to what was not to be asked"),
        Rule("answer-type", _E, "an answer of another type than the question's"),
        Rule("answer-option", _E, "an answer that is none of the options"),
        Rule("answer-limit", _E, "an answer outside of the limits of the question"),
    ),
    "Definitions": (
        Rule("definition-base", _EW, "a StructureDefinition that does not fit its base"),
        Rule(
            "definition-context",
            _E,
            "where an extension may be used is said of no extension, or its url is not fixed",
        ),
        Rule("search-parameter", _E, "the expression of a search parameter is wrong, or parts are missing"),
        Rule("operation-profile", _E, "the profile of an operation's parameters is none, or not at hand"),
        Rule("guide-dependency", _E, "a dependency of an ImplementationGuide that is none"),
        Rule("code-system-content", _E, "`content` of a CodeSystem does not fit the rest"),
        Rule("code-system-property", _W, "a property that is declared twice, or a value of another type"),
        Rule("value-set-system", _E, "a ValueSet includes from what is no code system"),
        Rule("concept-map-scope", _E, "a code that is not in the value set that a ConceptMap says"),
        Rule("concept-map-system", _W, "a ConceptMap does not say a code system"),
        Rule("structure-map", _E, "a StructureMap uses a variable or group that it does not have"),
    ),
}
"""The rules, by what they are about."""

RULES: Final[dict[str, Rule]] = {rule.name: rule for group in GROUPS.values() for rule in group}
"""The rules by id."""
