"""Changes of Bundles, and of the JSON text itself."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Final

from change import Change
from places import Json

from hm_fhir.testing.people import Chance

_TYPES: Final = (
    "document", "message", "transaction", "transaction-response", "batch", "batch-response", "history", "searchset",
    "collection", "subscription-notification",
)  # fmt: skip
_URLS: Final = (
    "http://example.org/Patient/other", "urn:uuid:6ba7b810-9dad-41d1-80b4-00c04fd430c8", "Patient/1",
        "urn:uuid:zzz", "",
    "http://example.org/Patient/1/_history/1", "urn:oid:1.2.3.4.5", "relative",
)  # fmt: skip


def bundle(change: Change) -> str | None:
    """Change something of a Bundle that only a Bundle has."""
    whole = change.resource
    entries = whole.get("entry")
    if whole.get("resourceType") != "Bundle" or not isinstance(entries, list) or not entries:
        return None
    chance = change.chance
    entry: Json = chance.pick(entries)
    kind = chance.number(0, 17)
    if kind == 0:
        entry.pop("fullUrl", None)
    elif kind == 1:
        entry["fullUrl"] = chance.pick(_URLS)
    elif kind == 2:
        entries.append(deepcopy(entry))
    elif kind == 3:
        entry.pop("request", None)
    elif kind == 4:
        entry["request"] = {"method": chance.pick(("PUT", "POST", "GET", "PATCHX", "DELETE")), "url": "Patient/1"}
    elif kind == 5:
        whole["type"] = chance.pick(_TYPES)
    elif kind == 6:
        whole["total"] = chance.pick((0, 1, -1))
    elif kind == 7:
        entry.pop("resource", None)
    elif kind == 8:
        entry["search"] = {"mode": chance.pick(("match", "nothing")), "score": chance.pick((1, 0.5, 2))}
    elif kind == 9:
        entry["response"] = {"status": chance.pick(("200", "201 Created", ""))}
    elif kind == 10:
        whole.pop("identifier", None)
    elif kind == 11:
        whole.pop("timestamp", None)
    elif kind == 12:
        entries.reverse()
    elif kind == 13 and isinstance(entry.get("resource"), dict):
        entry["resource"]["id"] = "another"
    elif kind == 14:
        whole["link"] = [{"relation": "self", "url": "http://example.org"}, {"relation": "self", "url": "x y"}]
    elif kind == 15 and isinstance(entry.get("resource"), dict):
        entry["resource"]["resourceType"] = chance.pick(("Patient", "Foo"))
    elif kind == 16:
        entry["colour"] = "red"
    else:
        entries.append({})
    return f"bundle kind {kind}"


def _duplicate_key(text: str, chance: Chance) -> str:
    return text[:-1] + chance.pick(
        (',"id":"again","id":"again"}', ',"resourceType":"Patient"}', ',"language":"en","language":"en"}')
    )


def _trailing(text: str, chance: Chance) -> str:
    return text + chance.pick((" {}", "x", ",", "]", " null", "//"))


def _cut(text: str, chance: Chance) -> str:
    return text[: chance.number(1, len(text) - 1)]


def _not_an_object(text: str, chance: Chance) -> str:
    return chance.pick((f"[{text}]", '"text"', "12", "null", "true", "{}", "[]", f'{{"resource":{text}}}'))


def _odd_number(text: str, chance: Chance) -> str:
    number = chance.pick(("NaN", "Infinity", "01", "1.", "+1", ".5", "1e999", "0x10", "-0", "1E400", "-Infinity"))
    return f'{text[:-1]},"extension":[{{"url":"http://example.org/e","valueDecimal":{number}}}]}}'


def _odd_syntax(text: str, chance: Chance) -> str:
    return chance.pick(
        (
            text[:-1] + ",}", "{/* a */" + text[1:], text.replace('"', "'"), text[:-1] + ',"language":"en}',
            text[:-1] + ',language:"en"}', text[:-1] + ',"language":"\\x65n"}', text[:-1] + ',"language":"e\tn"}',
            text[:-1] + ',"language":"\\ud800"}', text[:-1] + ',"language":True}', text[:-1] + ',"":"a"}',
        )
    )  # fmt: skip


TEXTS: Final[dict[str, Callable[[str, Chance], str]]] = {
    "text-duplicate-key": _duplicate_key,
    "text-trailing": _trailing,
    "text-cut": _cut,
    "text-not-an-object": _not_an_object,
    "text-odd-number": _odd_number,
    "text-odd-syntax": _odd_syntax,
}
"""Changes of the JSON text, by kind; it stays on one line."""
