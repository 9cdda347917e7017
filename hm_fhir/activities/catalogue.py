"""The catalogue of activity types, as data.

Sources: job description and ordinance of the Bulgarian health mediator (Ordinance 1/2020, National Network of Health
Mediators), its grouping is this project's. `encounter_class` is a code of HL7 v3-ActCode; None means that the setting
decides (home HH, field and office FLD, phone and online VR, practice and hospital AMB).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hm_fhir.activities.vocabulary import Term, Vocabulary

About = Literal["person", "group", "either"]


@dataclass(frozen=True, slots=True)
class ActivityType:
    """One kind of work that a mediator does.

    Args:
        code: the type, ``kebab-case``.
        bg: Bulgarian label.
        en: English label.
        about: whom it can concern.
        encounter_class: v3-ActCode class that holds whatever the setting, or None.
        sensitivity: v3-ActCode sensitivity of every activity of this type.
        into_wards: in a ward of a hospital the person is there as an in-patient.
    """

    code: str
    bg: str
    en: str
    about: About = "person"
    encounter_class: str | None = None
    sensitivity: tuple[str, ...] = ()
    into_wards: bool = False


_STD, _SEX = ("STD",), ("SEX",)

CATALOGUE: tuple[ActivityType, ...] = (
    ActivityType("home-visit", "Домашно посещение", "Home visit", encounter_class="HH"),
    ActivityType("phone-contact", "Контакт по телефона", "Phone contact", encounter_class="VR"),
    ActivityType("office-consultation", "Консултация в офиса", "Office consultation"),
    ActivityType("accompaniment", "Придружаване", "Accompaniment to care", into_wards=True),
    ActivityType(
        "interpretation", "Превод и културна медиация", "Interpretation and cultural mediation", into_wards=True
    ),
    ActivityType("gp-registration", "Помощ при избор на личен лекар", "Help to register with a GP"),
    ActivityType("insurance-help", "Помощ със здравното осигуряване", "Help with health insurance"),
    ActivityType("document-help", "Помощ със социални и лични документи", "Help with social or identity documents"),
    ActivityType("rights-signal", "Сигнал за нарушени права", "Signal of violated rights"),
    ActivityType("referral", "Насочване", "Referral"),
    ActivityType("immunisation-recall", "Издирване за имунизация", "Immunisation recall"),
    ActivityType(
        "pregnancy-detection", "Установена бременност", "Pregnancy found and linked to care", sensitivity=_SEX
    ),
    ActivityType(
        "postpartum-visit",
        "Посещение на родилка и новородено",
        "Postpartum and newborn visit",
        encounter_class="HH",
        sensitivity=_SEX,
    ),
    ActivityType(
        "family-planning-counselling",
        "Консултация по семейно планиране",
        "Family-planning counselling",
        sensitivity=_SEX,
    ),
    ActivityType("sti-education", "Здравно образование за ППИ", "STI and syphilis education", sensitivity=_STD),
    ActivityType("syphilis-test", "Изследване за сифилис и резултат", "Syphilis test and result", sensitivity=_STD),
    ActivityType(
        "syphilis-follow-up",
        "Проследяване на лечение на сифилис",
        "Follow-up of syphilis treatment",
        sensitivity=_STD,
    ),
    ActivityType(
        "partner-notification",
        "Уведомяване на партньори",
        "Support of partner notification",
        sensitivity=_STD,
    ),
    ActivityType(
        "congenital-syphilis-follow-up",
        "Проследяване на новородено при сифилис",
        "Follow-up of a newborn of a mother with syphilis",
        sensitivity=_STD,
    ),
    ActivityType(
        "screening-campaign",
        "Скринингова кампания",
        "Screening campaign or mobile unit",
        about="either",
        encounter_class="FLD",
    ),
    ActivityType("group-health-talk", "Групова здравна беседа", "Group health talk", about="group"),
    ActivityType("needs-assessment", "Оценка на потребностите и план", "Needs assessment and case plan"),
    ActivityType("no-show-tracing", "Издирване на неявил се", "Tracing after a missed appointment"),
    ActivityType(
        "bedside-mediation",
        "Медиация в болнично отделение",
        "Mediation at the bedside",
        encounter_class="IMP",
    ),
    ActivityType("discharge-follow-up", "Проследяване след изписване", "Follow-up after discharge"),
    ActivityType("case-closure", "Приключване на случай", "Closing of a case"),
)

ACTIVITY_TYPES = {kind.code: kind for kind in CATALOGUE}

TYPES = Vocabulary(
    "activity-type",
    "Activities of health mediators",
    tuple(Term(kind.code, kind.bg, kind.en, kind.sensitivity) for kind in CATALOGUE),
)

_CLASS_OF_SETTING = {
    "home": "HH",
    "field": "FLD",
    "office": "FLD",
    "phone": "VR",
    "online": "VR",
    "practice": "AMB",
    "hospital": "AMB",
}


def encounter_class(type_code: str, setting: str, *, in_ward: bool = False, admitted: bool = False) -> str:
    """Return the v3-ActCode encounter class of an activity.

    HH is the person's residence, FLD outside a facility and the residence, VR not in one place, AMB ambulatory care
    in a facility, IMP an admitted person (HL7 v3-ActEncounterCode).

    Args:
        type_code: activity type.
        setting: where.
        in_ward: in a ward of the hospital. Many people are examined in wards, so only types that go into wards make
            in-patients of them.
        admitted: the number of the person's stay in the hospital is known.
    """
    kind = ACTIVITY_TYPES[type_code]
    if kind.encounter_class is not None:
        return kind.encounter_class
    if setting == "hospital" and (admitted or (in_ward and kind.into_wards)):
        return "IMP"
    return _CLASS_OF_SETTING[setting]
