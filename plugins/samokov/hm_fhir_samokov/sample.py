"""A synthetic register of Samokov, January to March 2026, and a second file with the defects of real life.

Same seed, same bytes. Nobody in it exists.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import cycle
from pathlib import Path

from hm_fhir.testing.people import Chance, Population, SyntheticPerson, wrong_check_digit
from hm_fhir.testing.samples import DefectFigures, SampleFigures
from hm_fhir_samokov import codes

FIRST_DAY = date(2026, 1, 5)
LAST_DAY = date(2026, 3, 31)
LONGEST_STORY_DAYS = 30
ACTIVITIES = 160
_DAY = "%d.%m.%Y"


def write_sample(path: Path, *, seed: int = 1, activities: int = ACTIVITIES) -> SampleFigures:
    """Write a register as Excel does (UTF-8 with BOM, semicolons) and return what it holds.

    Args:
        path: the file.
        seed: another seed, other people.
        activities: number of rows.
    """
    rows = _rows(seed, activities)
    path.write_bytes(_text(rows).encode("utf-8-sig"))
    types = Counter(codes.TYPES[row["Вид дейност"].casefold()] for row in rows)
    return SampleFigures(records=len(rows), activities=len(rows), types=types)


def write_defects(path: Path, *, seed: int = 1) -> DefectFigures:
    """Write what goes wrong in real life (Windows-1251), and return what must become of it.

    It belongs to the sample of the same seed and the usual size, which was taken before.
    """
    rows = _rows(seed, ACTIVITIES)
    named = [row for row in rows if row["ЕГН/ЛНЧ"]]
    referred = next(row for row in rows if row["Насочен към"])
    new = {**named[0], "№ по ред": "2026-9000", "Последна промяна": "31.03.2026 16:00"}
    wrong = [
        {**new, "№ по ред": "2026-9001", "ЕГН/ЛНЧ": wrong_check_digit(new["ЕГН/ЛНЧ"])},
        {**new, "№ по ред": "2026-9002", "Дата": "14.02.2099"},
        {**new, "№ по ред": "2026-9003", "Вид дейност": "Разни"},
        {**new, "№ по ред": "2026-9004", "Медиатор": ""},
        {**new, "№ по ред": "2026-9005", "Медиатор": "М99"},
        {**referred, "№ по ред": "2026-9006", "Лечебно заведение": "ОПЛ-99"},
        {**new, "№ по ред": "2026-9007", "Дата": "31.02.2026"},
    ]
    repeated = [named[1], new]
    newer = [
        {**named[2], "Бележка": "Поправен запис.", "Последна промяна": "01.04.2026 09:00"},
        {**named[3], "Статус": "изтрито", "Последна промяна": "01.04.2026 09:05"},
    ]
    older = [{**named[4], "Бележка": "Първи запис.", "Последна промяна": "01.01.2026 08:00"}]
    broken_line = ";".join(("2026-9008", "17.03.2026", "10:00", "М1")) + "\r\n"
    text = _text([new, *wrong, *repeated, *newer, *older]) + broken_line
    path.write_bytes(text.encode("cp1251"))
    return DefectFigures(
        read=14,
        new=1,
        newer=2,
        repeated=3,
        older=1,
        rejected=Counter(
            {
                "invalid-activity": 1,
                "future-date": 1,
                "unknown-code": 1,
                "empty": 1,
                "unknown-mediator": 1,
                "unknown-facility": 1,
                "wrong-date": 1,
                "unreadable": 1,
            }
        ),
    )


@dataclass(eq=False)
class _Visit:
    day: date
    cells: dict[str, str]
    follows: _Visit | None = None
    number: str = ""


def _rows(seed: int, activities: int) -> list[dict[str, str]]:
    visits = _Stories(Chance(seed)).tell(activities)
    in_order = sorted(visits, key=lambda visit: visit.day)
    for number, visit in enumerate(in_order, 1):
        visit.number = f"2026-{number:04}"
    rows = []
    for visit in in_order:
        row = dict.fromkeys(codes.COLUMNS, "") | visit.cells | {"№ по ред": visit.number}
        if visit.follows:
            row["По дейност №"] = visit.follows.number
        rows.append(row)
    return rows


def _text(rows: list[dict[str, str]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, codes.COLUMNS, delimiter=";", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


class _Stories:
    """What happens to people, one story a case."""

    def __init__(self, chance: Chance) -> None:
        self._chance = chance
        self._people = Population(chance, today=FIRST_DAY)
        self._visits: list[_Visit] = []
        self._cases: dict[str, str] = {}  # by the number of the person
        self._story = 0
        self._mediator = ""
        self._first_day = FIRST_DAY

    def tell(self, activities: int) -> list[_Visit]:
        """Return this many visits; a story that is too long for the rest loses its end."""
        stories = cycle((self._pregnancy, self._family, self._old_age, self._insurance, self._talk))
        while len(self._visits) < activities:
            self._story += 1
            self._mediator = self._chance.pick(("М1", "М2", "М3"))
            days = (LAST_DAY - FIRST_DAY).days - LONGEST_STORY_DAYS
            self._first_day = FIRST_DAY + timedelta(days=self._chance.number(0, days))
            next(stories)()
        return self._visits[:activities]

    def _visit(
        self,
        after_days: int,
        kind: str,
        place: str,
        person: SyntheticPerson | None = None,
        *,
        follows: _Visit | None = None,
        more: Mapping[str, str] | None = None,
        **cells: str,
    ) -> _Visit:
        chance = self._chance
        day = self._first_day + timedelta(days=after_days)
        row = {
            "Дата": day.strftime(_DAY),
            "Час": f"{chance.number(8, 15):02}:{chance.pick(('00', '15', '30', '45'))}",
            "Медиатор": self._mediator,
            "Вид дейност": kind,
            "Място": place,
            "Статус": "извършено",
            "Последна промяна": f"{day.strftime(_DAY)} 16:{chance.number(0, 59):02}",
        }
        if person:
            row |= _columns(person) | {
                "Случай №": self._cases.setdefault(person.number, f"С-2026-{len(self._cases) + 1:03}")
            }
        # Columns are passed with _ for the spaces of their names.
        row |= {column.replace("_", " "): value for column, value in cells.items()} | dict(more or {})
        visit = _Visit(day, row, follows)
        self._visits.append(visit)
        return visit

    def _pregnancy(self) -> None:
        chance = self._chance
        woman = self._people.person(ages_years=(17, 38), gender="female")
        period = (self._first_day - timedelta(days=chance.number(45, 130))).strftime(_DAY)
        found = self._visit(
            0, "Нова бременност", chance.pick(("дом", "терен")), woman,
            Теми="бременност, личен лекар", Причина="бременност", Бременност="да", ПМ=period,
            Бариери=chance.pick(("неосигурен", "без ОПЛ, не знае", "страх", "няма превоз, малки деца")),
        )  # fmt: skip
        seen_on = self._first_day + timedelta(days=9)
        referral = self._visit(
            2, "Насочване", "дом", woman, follows=found,
            Причина="женска консултация", Насочен_към="АГ", Лечебно_заведение="АГ-1",
            НРН=f"26{self._story:010}" if chance.happens(0.4) else "",
            Приоритет=chance.pick(("планов", "планов", "спешен")), Час_за_преглед=f"{seen_on.strftime(_DAY)} 10:30",
            Бременност="да", ПМ=period, Резултат_от_посещението="уговорен час",
        )  # fmt: skip
        if chance.happens(0.15):
            self._visit(
                9, "Придружаване", "кабинет", woman, follows=referral, Лечебно_заведение="АГ-1",
                Статус="неизвършено", Причина="женска консултация", Резултат_от_посещението="не се явил",
            )  # fmt: skip
            self._visit(11, "Неявил се", "терен", woman, follows=referral, Резултат_от_посещението="не е открит")
            return
        self._visit(
            9, "Придружаване", "кабинет", woman, follows=referral,
            Лечебно_заведение="АГ-1", Причина="женска консултация", Теми="права", Бременност="да, потвърдена",
            ПМ=period, Резултат_от_посещението="явил се",
        )  # fmt: skip
        positive = chance.happens(0.25)
        test = self._visit(
            10, "Тест за сифилис", "лаборатория", woman, follows=referral,
            Лечебно_заведение="ЛАБ-1", Теми="сифилис", Причина="изследване за сифилис", Бременност="да, потвърдена",
            Тест=chance.pick(("бърз", "RPR")), Дата_на_тест=(self._first_day + timedelta(days=10)).strftime(_DAY),
            Резултат="положителен" if positive else "отрицателен",
        )  # fmt: skip
        if positive:
            self._visit(
                12, "Насочване", "дом", woman, follows=test, Причина="съмнение за сифилис",
                Насочен_към="Кожно-венерологичен", Лечебно_заведение="КВ-1", Приоритет="спешен", Бариери="срам",
            )  # fmt: skip
            self._visit(26, "Лечение на сифилис", "кабинет", woman, follows=test, Лечебно_заведение="КВ-1")
        self._visit(
            20, "Телефон", "телефон", woman, follows=test,
            Теми="бременност, хранене", Резултат_от_посещението="успешно",
        )  # fmt: skip

    def _family(self) -> None:
        chance = self._chance
        mother = self._people.person(ages_years=(20, 40), gender="female")
        children = [self._people.person(ages_years=(0, 12), relative=mother) for _ in range(2)]
        needs = self._visit(
            0, "Оценка на нуждите", "дом", mother,
            Бариери=chance.pick(("пренаселено, безработен", "слабо грамотен", "няма пари, без ОПЛ")),
            more={"План/цели": "личен лекар, имунизации"}, Следващи_стъпки="домашно посещение, записване при ОПЛ",
            Срок=(self._first_day + timedelta(days=30)).strftime(_DAY), Резултат_от_посещението="проследяване",
        )  # fmt: skip
        home = self._visit(
            5, "Домашно посещение", "дом", children[0], follows=needs, Теми="имунизации, детско здраве, хигиена",
            Причина="планово", Бележка="Разговор с майката; уговорен нов час.\nДа се обади в понеделник.",
        )  # fmt: skip
        self._visit(6, "Имунизация - издирване", "терен", children[1], follows=needs, Теми="имунизации")
        self._visit(
            8, "Насочване", "дом", children[0], follows=home, Причина="пропусната имунизация",
            Насочен_към=chance.pick(("ОПЛ", "педиатър")), Лечебно_заведение="ОПЛ-1",
        )  # fmt: skip

    def _old_age(self) -> None:
        chance = self._chance
        person = self._people.person(ages_years=(55, 84))
        visit = self._visit(
            0, "Домашно посещение", "дом", person, Теми="хронични, хранене", Причина="хронично заболяване",
            Бариери=chance.pick(("няма превоз", "ниски доходи", "неграмотен")),
            Бележка='Каза: "Не ходя на лекар".' if chance.happens(0.5) else "",
        )  # fmt: skip
        referral = self._visit(
            3, "Насочване", "телефон", person, follows=visit, Причина="хронично заболяване", Приоритет="планов",
            more=chance.pick(
                (
                    {"Насочен към": "ОПЛ", "Лечебно заведение": "ОПЛ-1"},
                    {"Насочен към": "болница", "Лечебно заведение": "МБАЛ"},
                    {"Насочен към": "ДСП", "Лечебно заведение": "ДСП"},
                )
            ),
        )  # fmt: skip
        self._visit(
            15, "Телефонен разговор", "телефон", person, follows=referral,
            Резултат_от_посещението=chance.pick(("явил се", "не се явил", "отказ")),
        )  # fmt: skip

    def _insurance(self) -> None:
        person = self._people.person(ages_years=(19, 60))
        first = self._visit(
            0, "Прием в офиса", "офис", person, Теми="осигуряване, права", Причина="неосигурен", Бариери="неосигурен"
        )
        self._visit(
            7, "Здравно осигуряване", "офис", person, follows=first, Резултат_от_посещението="издаден документ"
        )

    def _talk(self) -> None:
        topics = self._chance.pick(("имунизации, хигиена", "ППИ, сифилис", "семейно планиране", "права, осигуряване"))
        people = str(self._chance.number(6, 35))
        self._visit(0, "Беседа", self._chance.pick(("махала", "офис")), Теми=topics, Брой_участници=people)


def _columns(person: SyntheticPerson) -> dict[str, str]:
    is_egn = person.number_kind == "egn"
    return {
        "Вид номер": "ЕГН" if is_egn else "ЛНЧ",
        "ЕГН/ЛНЧ": person.number,
        "Имена": f"{person.given} {person.middle} {person.family}",
        "Пол": "ж" if person.gender == "female" else "м",
        "Дата на раждане": "" if is_egn else person.birth_date.strftime(_DAY),
        "Населено място (ЕКАТТЕ)": "65231",
        "Телефон": person.phone,
    }
