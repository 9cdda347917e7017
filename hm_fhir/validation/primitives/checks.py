"""Checks of primitive values: the JSON kind, the form that FHIR asks for, and real dates.

The rules are those of https://hl7.org/fhir/R4/datatypes.html#primitive; where that page leaves a choice, the severity
is the one of the official validation. A good value costs about 0.1 microseconds: what it looks like is tested first,
and why a value is not good only afterwards.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from hm_fhir.validation.primitives.findings import Finding, PrimitiveCheck, wrong_form
from hm_fhir.validation.primitives.moments import check_date, check_date_time, check_instant, check_time
from hm_fhir.validation.primitives.texts import (
    check_base64,
    check_code,
    check_id,
    check_markdown,
    check_string,
    check_xhtml,
)
from hm_fhir.validation.primitives.uris import check_canonical, check_oid, check_uri, check_uuid

_DIGITS: Final = 18
_INTEGER: Final = 2**31
_NOT_BOOLEAN: Final = Finding("error", "invalid", "wrong-json-type", "must be true or false, without quotes")
_NOT_NUMBER: Final = Finding("error", "invalid", "wrong-json-type", "must be a JSON number, without quotes")
_NO_INTEGER: Final = wrong_form("must be a whole number from -2147483648 to 2147483647, without a decimal point")
_NO_UNSIGNED: Final = wrong_form("must be a whole number from 0 to 2147483647, without a decimal point")
_NO_POSITIVE: Final = wrong_form("must be a whole number from 1 to 2147483647, without a decimal point")
_NO_DECIMAL: Final = wrong_form("must be a finite decimal number")
_IMPRECISE: Final = Finding(
    "warning",
    "value",
    "primitive-format",
    f"a decimal of more than {_DIGITS} digits is not kept exactly by all systems",
)
_PATTERN: Final = wrong_form("the value does not match the regular expression of its definition")


def _boolean(value: object) -> Finding | None:
    return None if value is True or value is False else _NOT_BOOLEAN


def _integer(value: object) -> Finding | None:
    if type(value) is int and -_INTEGER <= value < _INTEGER:
        return None
    return _NO_INTEGER if _is_number(value) else _NOT_NUMBER


def _unsigned(value: object) -> Finding | None:
    if type(value) is int and 0 <= value < _INTEGER:
        return None
    return _NO_UNSIGNED if _is_number(value) else _NOT_NUMBER


def _positive(value: object) -> Finding | None:
    if type(value) is int and 0 < value < _INTEGER:
        return None
    return _NO_POSITIVE if _is_number(value) else _NOT_NUMBER


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _decimal(value: object) -> Finding | None:
    kind = type(value)
    if kind is int or kind is Decimal or kind is float:
        text = str(value)
        if len(text) <= _DIGITS and text[-1] <= "9":
            return None
        return _decimal_finding(Decimal(text))
    return _NOT_NUMBER


def _decimal_finding(value: Decimal) -> Finding | None:
    if not value.is_finite():
        return _NO_DECIMAL
    places = -int(value.as_tuple().exponent)
    digits = max(len(value.as_tuple().digits), places + 1)
    return _IMPRECISE if digits > _DIGITS else None


_CHECKS: Final[dict[str, PrimitiveCheck]] = {
    "base64Binary": check_base64,
    "boolean": _boolean,
    "canonical": check_canonical,
    "code": check_code,
    "date": check_date,
    "dateTime": check_date_time,
    "decimal": _decimal,
    "id": check_id,
    "instant": check_instant,
    "integer": _integer,
    "markdown": check_markdown,
    "oid": check_oid,
    "positiveInt": _positive,
    "string": check_string,
    "time": check_time,
    "unsignedInt": _unsigned,
    "uri": check_uri,
    "url": check_uri,
    "uuid": check_uuid,
    "xhtml": check_xhtml,
    "System.String": check_string,
    "System.Boolean": _boolean,
    "System.Integer": _integer,
    "System.Decimal": _decimal,
    "System.Date": check_date,
    "System.DateTime": check_date_time,
    "System.Time": check_time,
}


def primitive_check(type_name: str, regex: str | None = None) -> PrimitiveCheck:
    """Return the check of the values of a primitive type.

    Args:
        type_name: name of the type, such as ``dateTime``; ids of elements are of ``System.String``.
        regex: what the whole text must match; used for a type that FHIR R4 does not define.
    """
    known = _CHECKS.get(type_name)
    if known is not None or regex is None:
        return known or check_string
    return with_regex(check_string, regex)


def with_regex(check: PrimitiveCheck, regex: str) -> PrimitiveCheck:
    """Return a check that also asks for a regular expression (XPath flavour) over the whole text.

    Args:
        check: what else must hold.
        regex: the expression; one that Python cannot read asks for nothing.
    """
    try:
        matches = re.compile(regex, re.ASCII).fullmatch
    except re.error:
        return check

    def run(value: object) -> Finding | None:
        found = check(value)
        if (found is None or found.severity != "error") and isinstance(value, str) and not matches(value):
            return _PATTERN
        return found

    return run
