"""Rules of data types that no invariant of R4 states, and that the official validation checks.

Source: https://hl7.org/fhir/R4/datatypes.html and https://hl7.org/fhir/R4/references.html.
"""

from __future__ import annotations

import binascii
import hashlib
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from hm_fhir.validation.issue import Severity
from hm_fhir.validation.primitives.narrative import check_narrative
from hm_fhir.validation.references import BundleIndex, is_search, parse_reference, resource_types
from hm_fhir.validation.run import Check, Path, Run, location

_UCUM: Final = "http://unitsofmeasure.org"
_TYPE_BASE: Final = "http://hl7.org/fhir/StructureDefinition/"
_plain_reference: Final = re.compile(r"[A-Z][A-Za-z]+/[A-Za-z0-9\-.]{1,64}").fullmatch
_full_scheme: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9_]*:.*", re.DOTALL).fullmatch
_full_uuid: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}").fullmatch


def check_identifier(value: Any, path: Path, run: Run) -> None:
    """Check an Identifier: its system is absolute, and a value that is a URI is one."""
    system = value.get("system")
    if type(system) is not str or system[:7] == "http://":
        return
    if system and not system.startswith(("https:", "urn:", "http:", "ldap:")):
        run.report("error", "code-invalid", "identifier-system", path, "the system must be an absolute URI")
        return
    text = value.get("value")
    if not isinstance(text, str):
        return
    if system == "urn:ietf:rfc:3986" and not _full_scheme(text):
        run.report(
            "error", "code-invalid", "identifier-system", path, "the system says that the value is a whole URI"
        )
    elif system == "https://tools.ietf.org/html/rfc4122":
        severity: Severity = "warning" if _full_uuid(text.removeprefix("urn:uuid:")) else "error"
        problem = "the system of UUIDs is urn:ietf:rfc:3986, with a value that starts with urn:uuid:"
        run.report(severity, "code-invalid", "identifier-system", path, problem)


def check_coding(value: Any, path: Path, run: Run) -> None:
    """Warn of a Coding whose system cannot be the URI of a code system."""
    system = value.get("system")
    if type(system) is not str:
        return
    if system[:4] != "http" and not system.startswith("urn:"):
        # Severities of the official validation: a warning in a CodeableConcept, which has its text beside it.
        in_concept: Severity = "warning" if path[1].startswith("coding[") else "error"
        problem = "the system must be the absolute URI of a code system"
        run.report(in_concept, "code-invalid", "coding-system", path, problem)
    elif "/ValueSet/" in system:
        problem = "the system looks like the URL of a value set; it must be the one of a code system"
        run.report("warning", "code-invalid", "coding-system", path, problem)


def check_quantity(value: Any, path: Path, run: Run) -> None:
    """Check a Quantity: its system is absolute; annotations in UCUM codes are not meant for machines."""
    system, code = value.get("system"), value.get("code")
    if type(system) is not str:
        return
    if system != _UCUM:
        if not system.startswith(("http:", "https:", "urn:")):
            run.report("error", "code-invalid", "coding-system", path, "the system must be an absolute URI")
    elif isinstance(code, str) and "{" in code:
        problem = "the annotation in the UCUM code has no meaning for systems; the unit should say it for people"
        run.report("warning", "business-rule", "ucum-annotation", path, problem)


def check_attachment(value: Any, path: Path, run: Run) -> None:
    """Check an Attachment: size and hash are those of the data, and it says something about its content."""
    data = value.get("data")
    if data is None:
        if not any(key in value for key in ("url", "contentType", "language", "_data", "_url")):
            problem = "an attachment without data and url should have at least a contentType or a language"
            run.report("warning", "structure", "attachment-empty", path, problem)
        return
    size, digest = value.get("size"), value.get("hash")
    if not isinstance(data, str) or (size is None and digest is None):
        return
    content = _decoded(data)
    if content is None:
        return  # the check of base64Binary says so
    if type(size) is int and size != len(content):
        run.report("error", "structure", "attachment-size", path, "size is not the number of bytes of the data")
    if isinstance(digest, str) and _decoded(digest) not in (None, hashlib.sha1(content).digest()):  # noqa: S324
        run.report("error", "structure", "attachment-hash", path, "hash is not the SHA-1 of the data")


def _decoded(text: str) -> bytes | None:
    try:
        return binascii.a2b_base64("".join(text.split()), strict_mode=True)
    except ValueError:
        return None


def check_meta(value: Any, path: Path, run: Run) -> None:
    """Check the Meta of a resource: no security label stands twice."""
    labels = value.get("security")
    if type(labels) is not list or len(labels) == 1:
        return
    seen: set[tuple[str, str]] = set()
    for place, label in enumerate(labels):
        if isinstance(label, dict):
            key = str(label.get("system")), str(label.get("code"))
            if key in seen:
                here = (path, f"security[{place}]")
                run.report("error", "business-rule", "security-label-twice", here, "a security label stands twice")
            seen.add(key)


def check_element_id(value: Any, path: Path, run: Run) -> None:
    """Check the id of an element: it stands once in its resource (https://hl7.org/fhir/R4/element.html#id).

    Args:
        value: the id.
        path: where it is; the element is the step before.
        run: the validation, with the ids that were met in the resource so far.
    """
    if type(value) is not str:
        return
    if run.resource.get("resourceType") == "StructureDefinition" and ".snapshot." in location(path):
        value = f"snapshot {value}"  # the differential names the same elements
    if value in run.ids:
        run.report("error", "duplicate", "duplicate-id", path[0] or path, "an id stands twice in the resource")
    run.ids.add(value)


def check_reference(value: Any, path: Path, run: Run) -> None:
    """Check a Reference: what its text looks like, its type, and what it means in the Bundle around it."""
    text = value.get("reference")
    if type(text) is not str or not text:
        if "display" not in value and not _identified(value.get("identifier")):
            problem = "a reference without reference and identifier should have a display"
            run.report("warning", "structure", "reference-display", path, problem)
        return
    kind = value.get("type")
    if kind is None and run.bundle is None and text.partition("/")[0] in resource_types() and _plain_reference(text):
        return
    if any(one.isspace() for one in text):
        run.report("error", "invalid", "reference-format", path, "a reference must not hold white space")
        return
    found = _check_resolved(text, path, run)
    if isinstance(kind, str):
        meant = found.get("resourceType") if isinstance(found, dict) else parse_reference(text).type
        if meant is not None and meant != kind.removeprefix(_TYPE_BASE):
            run.report("error", "structure", "reference-type", path, "type is not the type of what it points to")


def _identified(identifier: Any) -> bool:
    return isinstance(identifier, dict) and bool(identifier.get("system") or identifier.get("value"))


def _check_resolved(text: str, path: Path, run: Run) -> Any:
    """Check the form of a reference and what it means here; return the resource that it means, or None."""
    if text.startswith("#"):
        if text == "#" and run.resource is run.container:
            problem = "# means the resource around a contained one, so it has no meaning outside of a contained one"
            run.report("error", "structure", "reference-unresolved", path, problem)
            return None
        return run.contained(text[1:])
    parsed = parse_reference(text)
    if parsed.form == "conditional" and not is_search(text):
        problem = "a conditional reference is a type of resource, ? and search parameters: Patient?identifier=..."
        run.report("error", "invalid", "reference-format", path, problem)
        return None
    index = run.bundle
    if index is None or not index.holds(run.resource):
        if parsed.form == "odd":
            problem = "a relative reference is a type of resource and an id: Patient/123"
            run.report("warning", "invalid", "reference-format", path, problem)
        return None
    return _check_in_bundle(text, path, run, index)


def _check_in_bundle(text: str, path: Path, run: Run, index: BundleIndex) -> Any:
    """Check what a reference means in a Bundle (https://hl7.org/fhir/R4/bundle.html#references)."""
    parsed = parse_reference(text)
    relative = parsed.form in ("relative", "conditional", "odd")
    full_url = index.full_url(run.resource)
    if relative and full_url is None:
        if index.type not in ("batch-response", "transaction-response"):
            problem = "a relative reference says nothing in an entry without fullUrl"
            run.report("error", "required", "bundle-reference", path, problem)
        return None
    if relative and text.count("/") not in (1, 3):
        if index.type not in ("transaction", "batch"):
            problem = "in a bundle a reference is a URL or a type of resource and an id: Patient/123"
            run.report("error", "invalid", "reference-format", path, problem)
        elif not is_search(text):
            problem = "a reference is a URL, a type of resource and an id, or a type and a search"
            run.report("error", "invalid", "reference-format", path, problem)
        return None
    found = index.matches(text, run.resource)
    if len(found) > 1:
        problem = "several entries have the fullUrl that it means"
        run.report("error", "invalid", "bundle-reference", path, problem)
    if not found:
        _say_unresolved(text, path, run, index)
        return None
    if parsed.form == "relative" and found[0].get("resourceType") != parsed.type:
        problem = "the entry that it means has a resource of another type"
        run.report("error", "required", "reference-type", path, problem)
    return found[0]


def _say_unresolved(text: str, path: Path, run: Run, index: BundleIndex) -> None:
    url = index.absolute(text, index.full_url(run.resource)) or ""
    if text.startswith("urn:"):
        problem = "no entry of the bundle has this fullUrl, and nowhere else can it be found"
    elif "/_history/" in text and index.of_url(url):
        problem = "the entry that it could mean does not say this version in meta.versionId"
    elif index.same_name(text):
        problem = "an entry has this type and id, but its fullUrl belongs to another server than this entry's"
    else:
        return
    run.report("warning", "required", "bundle-reference", path, problem)


DATATYPE_RULES: Final[Mapping[str, Check]] = MappingProxyType(
    {
        "Attachment": check_attachment,
        "Coding": check_coding,
        "Identifier": check_identifier,
        "Meta": check_meta,
        "Narrative": check_narrative,
        "Quantity": check_quantity,
        "Reference": check_reference,
    }
)
"""Name of a data type -> check of an instance of it (always a JSON object)."""
