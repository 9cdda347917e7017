"""The values from which activities are generated: usual ones and those at which programs break."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

MUNICIPALITIES = (
    {"code": "SFO39", "name": "Самоков", "name_en": "Samokov", "ekatte": "65231"},
    {"code": "KNL48", "name": "Дупница", "name_en": "Dupnitsa", "ekatte": "68789"},
    {"code": "SHU22", "name": "Нови пазар", "ekatte": "52009"},
    {"code": "SZR12", "name": "Казанлък"},
    {"code": "BGS04", "name": "Бургас", "name_en": "Burgas", "ekatte": "07079"},
    {"code": "HKV09", "name": "Димитровград", "name_en": "Dimitrovgrad", "ekatte": "21052"},
)
"""The six pilot municipalities; an EKATTE code with a leading zero is among them."""

HOURS: tuple[list[dict[str, object]], ...] = (
    [{"days": ["mon", "tue", "wed", "thu", "fri"], "start": "08:30", "end": "17:00"}],
    [
        {"days": ["mon", "sat", "sun"], "start": "00:00:00", "end": "23:59:59"},
        {"days": ["thu"], "start": "07:00", "end": "07:01"},
    ],
)
"""Working hours, also strange ones."""

SETTINGS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "home-visit": ("home", "field"),
        "phone-contact": ("phone", "online"),
        "office-consultation": ("office", "practice", "hospital"),
        "accompaniment": ("practice", "hospital", "field"),
        "postpartum-visit": ("home", "field"),
        "screening-campaign": ("field", "practice", "hospital", "office", "home"),
        "bedside-mediation": ("hospital",),
        "discharge-follow-up": ("home", "phone", "practice", "office"),
    }
)
"""Where an activity type can happen; a type that is not here, anywhere."""

TOPICS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "family-planning-counselling": ("family-planning", "pregnancy-care", "sti-prevention"),
        "sti-education": ("sti-prevention", "syphilis", "hiv"),
    }
)
"""Topics that an activity type is about; of a type that is not here, any."""

OTHERS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "partner-notification": ("partner", "contact", "relative"),
        "congenital-syphilis-follow-up": ("mother", "relative", "contact"),
    }
)
"""Who is there beside the subject; for a type that is not here, anybody."""

ROLES = ("mother", "child", "partner", "relative", "contact")

GIVEN_NAMES = ("Проба", "Мостра", "Анна-Мария", "Д'Арк", "Ѝ", "Ҫелаль", "José", "Łucja", "N. N.")
FAMILY_NAMES = ("Примерова", "Образцов", "Измислена-Съчинена", "О’Примерска", "Van der Proba", "Ж")
TEXTS = (
    "Кабинет Пример",
    'СОУ "Пример" & синове',
    "Служба <Мостра>",
    "O'Proba; -- \\ / | \u201eкавички\u201c",
    "ул. Примерна 1, вх. А, ет. 2",
    "Пример 🏥",
    "Р" * 255,
)
NOTES = (
    "Ще дойде с майка си.",
    "Каза: \"утре\" и „може би“, а 'после' не.",
    "<b>Важно</b> &amp; <script>alert(1)</script>",
    "{{ note }} {% if true %} %activity {[ persons ]}",
    "първи ред\nвтори ред\r\n\tтрети ред",
    "🤰🏽 👨‍👩‍👧 ‏עברית‎ ёѝѐ ﬁ",
    "C:\\път\\файл $1 \\u0041 %s %d {} null",
    "Дълга бележка. " * 400,
)
DAYS = (
    "2024-02-29",
    "2025-12-31",
    "2026-01-01",
    "2026-01-31",
    "2026-02-28",
    "2026-03-01",
    "2026-03-29",
    "2026-04-30",
    "2026-10-25",
)
"""Ends of months and years, a leap day, and both days on which the clock changes in Bulgaria."""

TIMES = (
    "2024-02-29T23:59:59+02:00",
    "2025-10-26T03:30:00+03:00",
    "2025-10-26T03:30:00+02:00",
    "2025-12-31T23:30:00Z",
    "2026-01-01T00:00:00+02:00",
    "2026-03-02T10:00:00+02:00",
    "2026-03-29T02:59:59+02:00",
    "2026-03-29T04:00:00+03:00",
    "2026-03-31T12:00:00.123456+03:00",
)
"""Midnights, fractions of a second, the hour that does not exist and the one that comes twice, and two zones."""

AFTERWARDS = ("2026-11-01T08:00:00+02:00", "2026-11-01T06:00:00.5Z", "2026-11-30T23:59:59.999999+02:00")
"""When it was recorded: after everything that happened."""

AHEAD = ("2026-12-31", "2027-02-28T23:45:00+02:00", "2028-02-29T09:00:00Z", "2027-03-28T04:00:00+03:00")
"""What is planned."""

VERSIONS = (0, 1, 2, 17, 2**63 - 1)
VACCINES = ("MMR", "BCG", "HepB", "DTaP-IPV-Hib", "ваксина „Мостра“ 1/2", "07")
WEIGHTS = (
    ("body-weight", "61", "kg"),
    ("body-weight", "0.001", "kg"),
    ("birth-weight", "3150", "g"),
    ("birth-weight", "3.150", "kg"),
    ("body-height", "52.50", "cm"),
    ("body-weight", "9.20", "kg"),
)
LANGUAGES = ("bg", "tr", "rom", "en-GB")
WARDS = ("Родилно отделение", "Детско отделение", "Кожно-венерологично отделение (КВО)")
