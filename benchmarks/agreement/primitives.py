"""Wrong, odd and right texts of each primitive type (https://hl7.org/fhir/R4/datatypes.html#primitive)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

_DATE = (
    "2020-13-01", "2020-02-30", "2019-02-29", "20-01-01", "2020-1-1", "2020/01/01", "01.02.2020", "2020-00",
        "2020-01-32",
    "0000", "2020-01-01 ", "2020-01-", "99999", "yesterday", "2020-01-01T", "2020-001",
)  # fmt: skip
_CLOCK = (
    "2020-01-01T10:00:00", "2020-01-01T10:00Z", "2020-01-01T24:00:00Z", "2020-01-01T10:60:00Z",
        "2020-01-01T10:00:60Z",
    "2020-01-01T10:00:61Z", "2020-01-01T10:00:00+15:00", "2020-01-01T10:00:00+0200", "2020-01-01 10:00:00Z",
    "2020-01-01t10:00:00z", "2020-01-01T10:00:00.Z", "2020-01-01T10:00:00,5Z", "2020-02-30T10:00:00Z", "2020-01-01TZ",
    "2020-01-01T10Z", "2020-01-01T10:00:00-00:00", "2020-01-01T10:00:00+14:00", "2020-01-01T10:00:00+14:30",
    "2020-01-01T10:00:00.123456789Z",
)  # fmt: skip
_URI = ("a b", " http://example.org/a", "http://example.org/a b", "not a uri", "", "foo", "urn:uuid:zzz",
    "urn:oid:9.9",
        "urn:uuid:6BA7B810-9DAD-41D1-80B4-00C04FD430C8", "http://", "http:example", "#a", "/a/b", "http://example.org/а",
        "http://example.org/{a}", "javascript:alert(1)", "urn:x", "a:b:c", "http://example.org/%zz")  # fmt: skip

WRONG: Final[Mapping[str, tuple[Any, ...]]] = {
    "boolean": ("true", "false", 1, 0, "yes", "TRUE"),
    "integer": (1.5, "1", 2147483648, -2147483649, True, Decimal("1.0"), Decimal("1E2"), 99999999999999999999),
    "unsignedInt": (-1, 2147483648, "0", 0.5, True),
    "positiveInt": (0, -1, 2147483648, "1", 1.5),
    "decimal": ("1.0", "abc", True, "1e5", Decimal("1E+500"), Decimal("0." + "1" * 30), Decimal("1" * 30),
        Decimal("1E-10")),
    "string": ("", " ", "  ", "\u00a0", 12, True, " a", "a ", "a\u0001b", "a\u0000b", "\u200b", "\t", "a\r\nb",
        "x" * 1_100_000),
    "markdown": ("", " ", 12, "\n", " a", "a\u0008b", "<b>html</b>", "<script>x</script>"),
    "uri": _URI,
    "url": (*_URI, "mailto:a@b", "tel:1"),
    "canonical": (*_URI, "http://example.org/a|", "http://example.org/a|1|2", "|1", "http://example.org/a#b", "#x"),
    "oid": ("1.2.3.4.5", "urn:oid:", "urn:oid:3.1.2.3", "urn:oid:1.02.3.4", "oid:1.2.3.4", "urn:OID:1.2.3.4",
        "urn:oid:1.2.840.10008"),
    "uuid": ("6ba7b810-9dad-41d1-80b4-00c04fd430c8", "urn:uuid:6ba7b810",
        "urn:uuid:6BA7B810-9DAD-41D1-80B4-00C04FD430C8", "urn:uuid:"),
    "id": ("a b", "x" * 65, "", "a_b", "a/b", "а", "a:b", 12, "#a", "."),
    "code": (" a", "a ", "a  b", "", " ", "a\tb", 12, "not-a-code", "А", "a\u00a0b"),
    "base64Binary": ("###", "A", "AAA", "A A A =", "AAAA=", "", "SGVs\nbG8=", " SGVsbG8=", "SGVsbG8",
        "SGVsbG8_", "===="),
    "date": (*_DATE, "2020-01-01T10:00:00Z", 2020),
    "dateTime": (*_DATE, *_CLOCK, 2020),
    "instant": (*_DATE, *_CLOCK, "2020-01-01", "2020"),
    "time": ("25:00:00", "10:60:00", "10:00", "10", "10:00:00Z", "T10:00:00", "10:00:60", "24:00:00",
        "1:00:00", "10:00:00.", "10:00:00.123"),
}  # fmt: skip
"""Type -> texts; most of them are wrong, some only look so."""

NARRATIVES: Final = (
    "<div>no namespace</div>",
    '<div xmlns="http://www.w3.org/1999/xhtml"></div>',
    '<div xmlns="http://www.w3.org/1999/xhtml"> </div>',
    '<div xmlns="http://www.w3.org/1999/xhtml"/>',
    '<div xmlns="http://www.w3.org/1999/xhtml"><script>x</script></div>',
    '<div xmlns="http://www.w3.org/1999/xhtml"><p onclick="x()">a</p></div>',
    '<div xmlns="http://www.w3.org/1999/xhtml"><p style="color: red">a</p></div>',
    '<div xmlns="http://www.w3.org/1999/xhtml"><a href="javascript:x()">a</a></div>',
    '<div xmlns="http://www.w3.org/1999/xhtml"><form><input/></form></div>',
    '<div xmlns="http://www.w3.org/1999/xhtml"><iframe src="http://example.org"/></div>',
    '<div xmlns="http://www.w3.org/1999/xhtml"><p>a</div>',
    '<div xmlns="http://www.w3.org/1999/xhtml">a & b</div>',
    '<div xmlns="http://www.w3.org/1999/xhtml">a &nbsp; b &eacute; &amp; &#169;</div>',
    '<div xmlns="http://www.w3.org/1999/xhtml">a &nothing; b</div>',
    '<div xmlns="http://www.w3.org/1999/xhtml"><!-- a comment --> a</div>',
    '<div xmlns="http://www.w3.org/1999/xhtml"><img src="http://example.org/a.png" alt="a"/></div>',
    '<div xmlns="http://www.w3.org/1999/xhtml"><img src="#nothing" alt="a"/></div>',
    '<div xmlns="http://www.w3.org/1999/xhtml"><img alt="a"/></div>',
    '<div xmlns="http://www.w3.org/1999/xhtml"><h7>a</h7></div>',
    '<div xmlns="http://www.w3.org/1999/xhtml"><object data="a">a</object></div>',
    '<div xmlns="http://www.w3.org/1999/xhtml"><b><i><span class="x" id="y" title="z">a</span></i></b></div>',
    '<div xmlns="http://www.w3.org/1999/xhtml" xml:lang="bg" lang="bg">a</div>',
    '<div xmlns="http://www.w3.org/1999/xhtml"><table border="1"><tr><th colspan="2">a</th></tr></table></div>',
    '<p xmlns="http://www.w3.org/1999/xhtml">a</p>',
    "only text",
    '<?xml version="1.0"?><div xmlns="http://www.w3.org/1999/xhtml">a</div>',
    '<!DOCTYPE html><div xmlns="http://www.w3.org/1999/xhtml">a</div>',
    '<div xmlns="http://www.w3.org/1999/xhtml"><video src="a"/></div>',
    '<div xmlns="http://www.w3.org/1999/xhtml"><q>a</q><abbr title="b">a</abbr><hr/><br/></div>',
    '<div xmlns="http://www.w3.org/1999/xhtml"><a name="x">a</a><a href="#x">b</a></div>',
    '<div xmlns="http://www.w3.org/1999/xhtml"><a href="#nowhere">b</a></div>',
    '<div xmlns="http://www.w3.org/1999/xhtml"><x:b xmlns:x="urn:x">a</x:b></div>',
    '<div xmlns="http://www.w3.org/1999/xhtml"><p data-x="1">a</p></div>',
    '<div xmlns="http://www.w3.org/1999/xhtml"><u>a</u><center>b</center><font color="red">c</font></div>',
)
"""Narratives, right and wrong."""

REFERENCES: Final = (
    "Patient/1", "Medication/1", "Foo/1", "hello world", "#nothing", "", "Patient", "Patient/", "/Patient/1",
        "Patient/a b",
    "Patient/" + "x" * 65, "http://example.org/fhir/Patient/1", "http://example.org/fhir/Medication/1", "http://example.org/x",
    "urn:uuid:6ba7b810-9dad-41d1-80b4-00c04fd430c8", "urn:uuid:zzz", "urn:oid:1.2.3.4.5", "Patient/1/_history/1",
    "Patient/1/_history/", "Patient?identifier=a|b", "https://a.example/Patient/1/_history/2", "patient/1",
        "Patient/1#a", "#",
    "../Patient/1", "Patient/1/Observation/2", "http://example.org/fhir/Patient/a_b",
)  # fmt: skip
"""Values of Reference.reference, right and wrong."""
