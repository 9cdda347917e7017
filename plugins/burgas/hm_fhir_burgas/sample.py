"""A synthetic export of Burgas, January to March 2026, and a second file with the defects of real life.

Same seed, same bytes. Nobody in it exists.
"""

from __future__ import annotations

import json
from collections import Counter
from copy import deepcopy
from datetime import date, datetime, time, timedelta
from itertools import cycle
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from hm_fhir.testing.people import Chance, Population, SyntheticPerson, wrong_check_digit
from hm_fhir.testing.samples import DefectFigures, SampleFigures
from hm_fhir_burgas import codes

FIRST_DAY = date(2026, 1, 5)
LAST_DAY = date(2026, 3, 31)
LONGEST_STORY_DAYS = 30
ACTIVITIES = 160
_ZONE = ZoneInfo("Europe/Sofia")

Document = dict[str, Any]


def write_sample(path: Path, *, seed: int = 1, activities: int = ACTIVITIES) -> SampleFigures:
    """Write an export and return what it holds.

    Args:
        path: the file.
        seed: another seed, other people.
        activities: number of visits in all documents.
    """
    documents = _documents(seed, activities)
    path.write_bytes(b"".join(map(_line, documents)))
    types = Counter(codes.TYPES[visit["vid"].casefold()] for one in documents for visit in one["poseshtenia"])
    return SampleFigures(records=types.total(), activities=types.total(), types=types)


def write_defects(path: Path, *, seed: int = 1) -> DefectFigures:
    """Write what goes wrong in real life, and return what must become of it.

    It belongs to the sample of the same seed and the usual size, which was taken before.
    """
    people = [one for one in _documents(seed, ACTIVITIES) if "lice" in one]
    with_egn = next(one for one in people if "egn" in one["lice"])
    several = [one for one in people if len(one["poseshtenia"]) > 1]
    late = {"promiana": "2026-04-01T09:00:00+03:00"}

    def visit(number: int, **changes: Any) -> Document:
        return {**with_egn["poseshtenia"][0], "id": f"D-{number}", "promiana": "2026-03-31T16:00:00+03:00", **changes}

    new = {**with_egn, "poseshtenia": [visit(1)]}
    wrong_person = deepcopy(with_egn) | {"poseshtenia": [visit(2), visit(3)]}
    wrong_person["lice"]["egn"] = wrong_check_digit(with_egn["lice"]["egn"])
    wrong_visits = [
        visit(4, ot="2099-02-14T10:00:00+02:00", do=None),
        visit(5, vid="XXX"),
        visit(6, mediator=""),
        visit(7, mediator="B99"),
        visit(8, zavedenie="BOL-99"),
        visit(9, ot="14.02.2026 10:00"),
    ]
    documents = [
        new,
        wrong_person,
        {**with_egn, "poseshtenia": wrong_visits},
        new,
        _only(several[1], 0),
        _only(several[2], 0, belejka="Поправен запис.", **late),
        _only(several[2], 1, status="X", **late),
        _only(several[3], 0, belejka="Първи запис.", promiana="2025-12-30T08:00:00+02:00"),
        # Another telephone of the person: each of the visits has a newer version.
        {**several[4], "lice": {**several[4]["lice"], "tel": "+359 000 999999", **late}},
        {key: value for key, value in with_egn.items() if key != "poseshtenia"},
    ]
    broken = _line(new)[:200] + b"\n"
    path.write_bytes(b"".join(map(_line, documents)) + broken)
    moved = len(several[4]["poseshtenia"])
    return DefectFigures(
        read=16 + moved,
        new=1,
        newer=2 + moved,
        repeated=3,
        older=1,
        rejected=Counter(
            {
                "invalid-activity": 2,
                "future-date": 1,
                "unknown-code": 1,
                "empty": 1,
                "unknown-mediator": 1,
                "unknown-facility": 1,
                "wrong-date": 1,
                "wrong-kind": 1,
                "unreadable": 1,
            }
        ),
    )


def _only(document: Document, number: int, **changes: Any) -> Document:
    return {**document, "poseshtenia": [{**document["poseshtenia"][number], **changes}]}


def _line(document: Document) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _documents(seed: int, activities: int) -> list[Document]:
    return _Stories(Chance(seed)).tell(activities)


class _Stories:
    """What happens to people, one story a case."""

    def __init__(self, chance: Chance) -> None:
        self._chance = chance
        self._people = Population(chance, today=FIRST_DAY)
        self._documents: list[Document] = []
        self._visits = 0
        self._case = 0
        self._mediator = ""
        self._first_day = FIRST_DAY

    def tell(self, activities: int) -> list[Document]:
        """Return documents with this many visits; what is too much of the last story is left out."""
        stories = cycle((self._ward, self._antenatal, self._neighbours, self._plan, self._neighbours, self._talk))
        while self._visits < activities:
            self._case += 1
            self._mediator = self._chance.pick(("B01", "B02"))
            days = (LAST_DAY - FIRST_DAY).days - LONGEST_STORY_DAYS
            self._first_day = FIRST_DAY + timedelta(days=self._chance.number(0, days))
            next(stories)()
        while self._visits > activities:
            self._documents[-1]["poseshtenia"].pop()
            self._visits -= 1
            if not self._documents[-1]["poseshtenia"]:
                self._documents.pop()
        return self._documents

    def _person(self, person: SyntheticPerson) -> Document:
        number = len(self._documents) + 1
        document = {
            "lice": {
                "id": f"L-{number:04}",
                person.number_kind: person.number,
                "ime": person.given,
                "prezime": person.middle,
                "familia": person.family,
                "pol": "Ж" if person.gender == "female" else "М",
                "rd": person.birth_date.isoformat(),
                "tel": person.phone,
                "ekatte": "07079",
                "nm": "Бургас",
            },
            "sluchai": f"SL-{number:04}",
            "poseshtenia": [],
        }
        self._documents.append(document)
        return document

    def _day(self, after_days: int) -> date:
        return self._first_day + timedelta(days=after_days)

    def _at(self, after_days: int, hour: int, minute: int) -> str:
        return datetime.combine(self._day(after_days), time(hour, minute), _ZONE).isoformat()

    def _visit(self, document: Document, after_days: int, kind: str, place: str, **more: Any) -> str:
        """Add a visit to a document and return its id; each one follows the one before."""
        before = document["poseshtenia"]
        hour, minute = self._chance.number(8, 14), self._chance.pick((0, 15, 30, 45))
        name = f"{(document.get('lice') or document['grupa'])['id']}-{len(before) + 1}"
        visit: Document = {
            "id": name,
            "vid": kind,
            "ot": self._at(after_days, hour, minute),
            "do": self._at(after_days, hour + 1, minute),
            "mediator": self._mediator,
            "miasto": place,
            "status": "I",
            "promiana": self._at(after_days, 16, self._chance.number(0, 59)),
        }
        if before:
            visit["sled"] = [before[-1]["id"]]
        before.append(visit | more)
        self._visits += 1
        return name

    def _ward(self) -> None:
        """A stay in hospital, with the mediator who works in the wards."""
        chance = self._chance
        self._mediator = "B03"
        child = chance.happens(0.4)
        ages, ward = ((0, 12), "BOL-DET") if child else ((17, 40), "BOL-AG")
        person = self._person(self._people.person(ages_years=ages, gender=None if child else "female"))
        talk = {"zavedenie": ward, "prichini": ["BOL"]}
        self._visit(person, 0, "OTD", "BOL", **talk, temi=["PRAVA"], prechki=[chance.pick(("EZIK", "STRAH", "NEGR"))])
        self._visit(person, 1, "PRD", "BOL", **talk, temi=["DZ"] if child else ["BRM"], izhod="YAVIL")
        if chance.happens(0.3):
            self._visit(person, 2, "PRV", "BOL", **talk)
        self._visit(person, 4, "IZP", "DOM", temi=["HIG"] if child else ["NRD", "KRM"], izhod="PROS")
        referral = {"kam": "OPL", "zavedenie": "OPL-7", "prichini": ["DK" if child else "ROD"], "prioritet": "P"}
        self._visit(person, 5, "NAS", "TEL", nasochvane=referral)

    def _antenatal(self) -> None:
        """A pregnancy, its first examination, and the test for syphilis."""
        chance = self._chance
        woman = self._person(self._people.person(ages_years=(17, 38), gender="female"))
        week = chance.number(7, 20)
        period = self._first_day - timedelta(weeks=week)
        found = {
            "status": "B",
            "pm": period.isoformat(),
            "termin": (period + timedelta(days=280)).isoformat(),
            "sedmica": week,
            "prosledena": False,
        }
        sure = {"status": "B", "potvardena": True, "pm": period.isoformat(), "prosledena": True}
        self._visit(
            woman, 0, "BRM", chance.pick(("DOM", "TEREN")), bremennost=found, prichini=["BRM"], temi=["BRM", "ZO"],
            prechki=chance.pick((["ZO"], ["OPL", "INF"], ["STRAH"], ["SEM", "DECA"])), izhod="PROS",
        )  # fmt: skip
        referral: Document = {
            "kam": "AG",
            "zavedenie": "AG-2",
            "prichini": ["ZK"],
            "prioritet": chance.pick(("P", "S")),
        }
        if chance.happens(0.4):
            referral["nrn"] = f"26{self._case:010}"
        referral["chas"] = self._at(7, 10, 30)
        sent = self._visit(woman, 1, "NAS", "TEL", nasochvane=referral, izhod="CHAS")
        examined = {"zavedenie": "AG-2", "bremennost": sure, "prichini": ["ZK"], "izhod": "YAVIL"}
        self._visit(woman, 7, "PRD", "PRAK", po=[sent], **examined)
        positive = chance.happens(0.3)
        day = self._day(9).isoformat()
        tests: list[Document] = [
            {"vid": "RPR", "data": day, "rezultat": "P" if positive else "O", "zavedenie": "BOL-LAB"}
        ]
        if positive:
            titre = chance.pick((4, 8, 16, 32))
            tests.append({"vid": "RPR-T", "data": day, "rezultat": "P", "titar": titre, "zavedenie": "BOL-LAB"})
            tests.append({"vid": "TPHA", "data": day, "rezultat": "P", "zavedenie": "BOL-LAB"})
        self._visit(
            woman,
            9,
            "TSF",
            "BOL",
            zavedenie="BOL-AG",
            bremennost=sure,
            testove=tests,
            prichini=["SIF-I"],
            temi=["SIF"],
        )
        if positive:
            urgent = {"kam": "KV", "zavedenie": "BOL-KV", "prichini": ["SIF-S"], "prioritet": "S"}
            self._visit(woman, 10, "NAS", "BOL", nasochvane=urgent, prechki=["STIG"])
            self._visit(woman, 13, "PRT", "TEL")
        self._visit(woman, 21, "TEL", "TEL", temi=["BRM", "HRN"], izhod="DA")

    def _plan(self) -> None:
        """A case with a plan."""
        person = self._person(self._people.person(ages_years=(19, 70)))
        plan = {
            "celi": [
                {"cel": "OPL", "do": self._day(30).isoformat()},
                {"cel": self._chance.pick(("ZO", "DOK")), "do": self._day(60).isoformat()},
            ],
            "stapki": [{"vid": "OPL", "do": self._day(14).isoformat()}, {"vid": "DP"}],
        }
        self._visit(person, 0, "PLN", "DOM", plan=plan, prechki=["OPL", self._chance.pick(("RAB", "DOHOD", "JIL"))])
        self._visit(person, 6, "OPL", "PRAK", zavedenie="OPL-7", prichini=["OPL"], izhod="ZAPISAN")
        self._visit(person, 20, "DP", "DOM", temi=["OPL", "PRAVA"], izhod=self._chance.pick(("DA", "CHAST")))

    def _neighbours(self) -> None:
        """A mother and her children, seen on one round; one of them is not at home."""
        mother = self._people.person(ages_years=(20, 42), gender="female")
        for number in range(3):
            relative = mother if number == 0 else self._people.person(ages_years=(0, 14), relative=mother)
            person = self._person(relative)
            if number == 2:
                self._visit(person, 0, "DP", "DOM", status="N", izhod="LIPSVA")
            else:
                note = (
                    "Жилището е влажно; децата кашлят."
                    if number == 0
                    else "Картонът е показан.\nЛипсва една ваксина."
                )
                self._visit(person, 0, "DP", "DOM", temi=["IMU", "DZ"], prichini=["PL"], belejka=note)
        self._visit(person, 3, "IMU", "TEL", prichini=["IMU"])

    def _talk(self) -> None:
        group = {"id": f"G-{self._case:04}", "broi": self._chance.number(8, 40), "jeni": self._chance.number(1, 8)}
        document: Document = {"grupa": group, "poseshtenia": []}
        self._documents.append(document)
        topics = self._chance.pick((["PPI", "SIF"], ["IMU", "HIG"], ["SP"], ["TBK"], ["RAK"]))
        self._visit(document, 0, "BES", self._chance.pick(("TEREN", "OFIS")), temi=topics)
