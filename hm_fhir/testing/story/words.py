"""Functions with which a sample says activities in the words and dates of a local system."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from hm_fhir.errors import MappingError, SettingsError, did_you_mean
from hm_fhir.fhirpath import Function
from hm_fhir.testing.story.labels import uid_of, uuid_of

NO_WORD = "?"
"""A code that no table has: of a record with a defect. Its word is `UNKNOWN_WORD`."""
UNKNOWN_WORD = "разни неща"
NO_ENTRY = "999999"
"""A code that no directory has: of a record with a defect."""
_MOST_ARGUMENTS = 8
_MONTHS = (
    "януари февруари март април май юни юли август септември октомври ноември декември".split()  # noqa: SIM905
)
_ROMAN = "I II III IV V VI VII VIII IX X XI XII".split()  # noqa: SIM905
_ISO = re.compile(
    r"(?P<Y>[0-9]{4})-(?P<m>[0-9]{2})-(?P<d>[0-9]{2})"
    r"(?:T(?P<H>[0-9]{2}):(?P<M>[0-9]{2})(?::(?P<S>[0-9]{2})(?:\.[0-9]+)?)?(?P<z>Z|[+-][0-9]{2}:[0-9]{2})?)?"
)
_DIRECTIVE = re.compile(r"%(-?[a-zA-Z])")
_TIMES = "HMSz"
_EPOCH_OF_SHEETS = date(1899, 12, 30)

Collection = list[Any]


@dataclass(frozen=True, slots=True)
class Words:
    """What the functions know.

    Args:
        tables: code tables of the fields file: local word -> code.
        zone: of the municipality.
        spellings: percent of words in another spelling.
        seed: makes other choices.
        activity: key of the activity that is being written.
        entries: codes of the directory: mediators and facilities.
    """

    tables: Mapping[str, Mapping[str, Any]]
    zone: ZoneInfo
    spellings: int = 0
    seed: int = 1
    activity: str = ""
    entries: frozenset[str] = frozenset()
    _reversed: dict[str, dict[Any, list[str]]] = field(default_factory=dict)

    def word(self, table: str, code: Any, *, exact: bool = False) -> str:
        """Return the local word of a code: the first of its table or, now and then, another or in another case.

        Raises:
            SettingsError: no such table, or it has no word for the code.
        """
        if isinstance(code, str) and (code.startswith(NO_WORD) or code == NO_ENTRY):
            return UNKNOWN_WORD
        if code == "":
            return ""  # of a record in which the defect is that it is not there
        if not isinstance(code, str | int):
            raise SettingsError(
                f"an object has no word in {table!r}: its code has",
                fix=f"write the path of the code, such as mediator.local_id.word({table!r})",
            )
        words = self._words(table).get((type(code), code), [])
        if not words:
            raise self._without_word(table, code)
        if exact or self.drawn(f"{table}/{code}", 100) >= self.spellings:
            return words[0]
        choices = [*words[1:], words[0].upper(), words[0].capitalize(), f" {words[0]} "]
        return choices[self.drawn(f"{table}/{code}/spelling", len(choices))]

    def drawn(self, purpose: str, below: int) -> int:
        """Return a number from 0 that is always the same for the activity and purpose."""
        text = f"{self.seed}/{self.activity}/{purpose}"
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") % below

    def no_table(self, table: str) -> MappingError | None:
        """Return what is wrong about a table that an expression names, None when there is one."""
        if table in self.tables:
            return None
        fix = did_you_mean(table, self.tables)
        if fix is None or not fix.startswith("did you mean"):
            new = f"add it there, `{table}: {{WORD: CODE}}` under `codes`"
            fix = f"{new}, or write the code itself, without .word({table!r})" + (f"; {fix}" if fix else "")
        return MappingError(f"fields.yaml has no code table {table!r}", fix=fix)

    def _without_word(self, table: str, code: Any) -> SettingsError:
        message = f"the code table {table!r} of fields.yaml has no word for {code!r}"
        line = f"add the line `WORD: {_plain(code)}` to `codes.{table}` of fields.yaml, WORD as the form has it"
        if code in self.entries:
            return SettingsError(
                f"{message}, which is in directory.yaml", fix=f"{line}; or remove {code} from directory.yaml"
            )
        fix = (
            f"{line}; or, where the form cannot say it, add the line `PATH: {table}` to `carries` of sample.yaml,"
            " PATH being the field of the activity"
        )
        return SettingsError(message, fix=fix)

    def _words(self, table: str) -> dict[Any, list[str]]:
        if table not in self._reversed:
            if missing := self.no_table(table):
                raise missing
            found: dict[Any, list[str]] = {}
            for word, code in self.tables[table].items():
                found.setdefault((type(code), code), []).append(word)
            self._reversed[table] = found
        return self._reversed[table]


def written(text: str, pattern: str, zone: ZoneInfo | None) -> str | None:
    """Return a day or moment of ISO 8601 as a pattern says; nothing where it asks only for a time that is not there.

    Days that do not exist (a defect) are written as they are.

    Args:
        text: the day or moment.
        pattern: ``%d %m %Y %y %H %M %S %z`` as in Python; ``%-d %-m %-H`` without zeros; ``%B`` is the Bulgarian
            month, ``%R`` its Roman number.
        zone: in which a moment is told; None: UTC.

    Raises:
        SettingsError: it is neither a day nor a moment, or the pattern is none.
    """
    found = _ISO.fullmatch(text)
    if found is None:
        raise SettingsError("local() and utc() are of a day or a moment", fix="write period.start or another date")
    parts = {name: value for name, value in found.groupdict().items() if value is not None}
    if "z" in parts and _exists(parts):
        moment = datetime.fromisoformat(text).astimezone(zone or UTC)
        offset = moment.strftime("%z")
        parts = {name: moment.strftime(f"%{name}") for name in "YmdHMS"} | {"z": f"{offset[:3]}:{offset[3:]}"}
    asked = [one[-1] for one in _DIRECTIVE.findall(pattern)]
    if "H" not in parts and any(one in _TIMES for one in asked):
        if not any(one in "dmYyBR" for one in asked):
            return None
        times = (one.start() for one in _DIRECTIVE.finditer(pattern) if one.group(1)[-1] in _TIMES)
        pattern = pattern[: min(times)].rstrip(" ,T")
    parts.setdefault("S", "00")
    return _DIRECTIVE.sub(lambda directive: _part(parts, directive.group(1)), pattern)


def _exists(parts: Mapping[str, str]) -> bool:
    try:
        date(int(parts["Y"]), int(parts["m"]), int(parts["d"]))
    except ValueError:
        return False
    return True


def _part(parts: Mapping[str, str], directive: str) -> str:
    plain, name = directive.startswith("-"), directive[-1]
    if name == "y":
        return parts["Y"][2:]
    if name in "BR":
        return (_MONTHS if name == "B" else _ROMAN)[int(parts["m"]) - 1]
    if name not in parts:
        raise SettingsError(f"%{directive} is not known in a pattern", fix="use %d %m %Y %y %H %M %S %z %B %R")
    return parts[name].lstrip("0") or "0" if plain else parts[name]


def _plain(code: Any) -> str:
    return str(code).lower() if isinstance(code, bool) else str(code)


def _each(call: Callable[[Words, Any], Any]) -> Callable[[Words, Collection], Collection]:
    return lambda words, items: [found for item in items if (found := call(words, item)) is not None]


def _word(words: Words, codes: Collection, table: Collection, how: Collection | None = None) -> Collection:
    return [words.word(table[0], code, exact=bool(how)) for code in codes]


def _local(words: Words, items: Collection, pattern: Collection) -> Collection:
    return [text for item in items if (text := written(item, pattern[0], words.zone)) is not None] if pattern else []


def _utc(_: Words, items: Collection, pattern: Collection) -> Collection:
    return [text for item in items if (text := written(item, pattern[0], None)) is not None] if pattern else []


def _epoch(_: Words, moment: Any) -> int:
    return round(datetime.fromisoformat(moment).timestamp() * 1000)


def _serial(_: Words, day: Any) -> int:
    return (date.fromisoformat(day[:10]) - _EPOCH_OF_SHEETS).days


def _mess(words: Words, _: Collection, *choices: Collection) -> Collection:
    return choices[words.drawn(f"mess/{choices}", len(choices))]


FUNCTIONS: Final = (
    Function("word", 1, 2, _word),
    Function("local", 1, 1, _local),
    Function("utc", 1, 1, _utc),
    Function("epoch", 0, 0, _each(_epoch)),
    Function("serial", 0, 0, _each(_serial)),
    Function("uuid", 0, 0, _each(lambda words, text: uuid_of(f"{words.seed}/{text}"))),
    Function("uid", 0, 0, _each(lambda words, text: uid_of(f"{words.seed}/{text}"))),
    Function("number", 0, 0, _each(lambda _, text: int(text) if text.isdigit() else text)),
    Function("mess", 1, _MOST_ARGUMENTS, _mess),
)
"""``word``, ``local``, ``utc``, ``epoch`` (milliseconds), ``serial`` (day of a workbook), ``uuid``, ``uid``,
``number`` (as a spreadsheet keeps a number: without leading zeros), ``mess`` (one of its arguments)."""
