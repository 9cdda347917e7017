"""Write the CodeSystems of the project to ``profiles/package/``: one file each, always the same bytes.

Run ``python profiles/generate_codesystems.py`` after a change of a vocabulary of ``hm_fhir.activities`` or of
`OWN` below, and commit what it writes; ``tests/unit/test_codesystems.py`` proves that both agree.

The elements are those of https://hl7.org/fhir/R4/codesystem.html.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hm_fhir.activities.catalogue import TYPES
from hm_fhir.activities.vocabulary import VOCABULARIES, Term, Vocabulary

CANONICAL = "https://w3id.org/hm-fhir/CodeSystem"
VERSION = "1.0.0"
PACKAGE = Path(__file__).parent / "package"

OWN = (
    Vocabulary(
        "activity-status",
        "State of an activity of a health mediator",
        (
            Term("planned", "Планирана", "Planned"),
            Term("in-progress", "В ход", "In progress"),
            Term("completed", "Завършена", "Completed"),
            Term("cancelled", "Отменена", "Cancelled"),
            Term("not-done", "Неизвършена", "Not done"),
            Term("entered-in-error", "Въведена погрешно", "Entered in error"),
        ),
    ),
    Vocabulary(
        "finding",
        "What a health mediator records and no verified code of a public code system names",
        (
            Term("barrier", "Бариера пред достъпа до грижи", "Barrier on the way to care"),
            Term("outcome", "Резултат от дейността", "Outcome of the activity"),
            Term("participants", "Брой участници", "Number of participants"),
            Term("participants-women", "Брой жени", "Number of women"),
            Term("participants-men", "Брой мъже", "Number of men"),
            Term("participants-children", "Брой деца под 18 години", "Number of children under 18"),
            Term(
                "last-menstrual-period",
                "Първи ден на последната редовна менструация (ПРМ)",
                "Last menstrual period (first day)",
            ),
            Term("antenatal-care", "Лекар проследява бременността", "A doctor follows the pregnancy"),
            Term("titre", "Титър", "Titre"),
            Term("body-weight", "Телесно тегло", "Body weight"),
            Term("birth-weight", "Тегло при раждане", "Birth weight"),
            Term("body-height", "Ръст", "Body height"),
            Term("immunisation-status", "Имунизационен статус", "State of an immunisation"),
            Term("vaccine", "Ваксина", "Vaccine"),
            Term("dose", "Поредна доза", "Number of the dose"),
            Term("not-immunised-because", "Причина за непоставяне", "Why it was not given"),
            Term("pregnancy-outcome", "Изход от бременността", "How the pregnancy ended"),
        ),
    ),
    Vocabulary(
        "pregnancy-status",
        "Pregnancy status",
        (
            Term("pregnant", "Бременна", "Pregnant"),
            Term("not-pregnant", "Не е бременна", "Not pregnant"),
            Term("possibly-pregnant", "Възможна бременност", "Possibly pregnant"),
        ),
    ),
    Vocabulary(
        "test-result",
        "Result of a test",
        (
            Term("positive", "Положителен", "Positive"),
            Term("negative", "Отрицателен", "Negative"),
            Term("indeterminate", "Неопределен", "Indeterminate"),
        ),
    ),
    Vocabulary(
        "reported-condition",
        "Diagnoses that are reported to a health mediator",
        (
            Term("syphilis", "Сифилис", "Syphilis"),
            Term("congenital-syphilis", "Вроден сифилис", "Congenital syphilis"),
        ),
    ),
    Vocabulary(
        "immunisation-status",
        "State of an immunisation",
        (
            Term("due", "Предстояща", "Due"),
            Term("overdue", "Просрочена", "Overdue"),
            Term("given", "Поставена", "Given"),
            Term("refused", "Отказана", "Refused"),
        ),
    ),
    Vocabulary(
        "person-role",
        "Part of a person in an activity",
        (
            Term("subject", "Лицето, за което е дейността", "Whom the activity is about"),
            Term("mother", "Майка", "Mother"),
            Term("child", "Дете", "Child"),
            Term("partner", "Партньор", "Partner"),
            Term("relative", "Роднина", "Relative"),
            Term("contact", "Контактно лице", "Contact"),
        ),
    ),
    Vocabulary(
        "consent-decision",
        "What a person decided about a consent",
        (
            Term("given", "Дадено", "Given"),
            Term("refused", "Отказано", "Refused"),
            Term("withdrawn", "Оттеглено", "Withdrawn"),
        ),
    ),
    Vocabulary(
        "facility-kind",
        "Places of care and service",
        (
            Term("gp-practice", "Практика на общопрактикуващ лекар", "GP practice"),
            Term("specialist-practice", "Специализирана практика", "Specialist practice"),
            Term("hospital", "Болница", "Hospital"),
            Term("laboratory", "Лаборатория", "Laboratory"),
            Term("mobile-unit", "Мобилен кабинет", "Mobile unit"),
            Term("social-service", "Социална служба", "Social service"),
            Term("office", "Офис на здравния медиатор", "Office of the health mediator"),
            Term("school", "Училище", "School"),
        ),
    ),
    Vocabulary(
        "identifier-kind",
        "Kinds of identifiers",
        (
            Term("egn", "ЕГН", "EGN, the Bulgarian national number"),
            Term("lnch", "ЛНЧ", "LNCh, the number of a foreigner in Bulgaria"),
            Term("nhis-newborn", "Временен номер на новородено в НЗИС", "Temporary number of a newborn in the NHIS"),
            Term("passport", "Номер на паспорт", "Passport number"),
            Term("nrn", "НРН на направление в НЗИС", "NRN, the number of a doctor's referral in the NHIS"),
            Term("occupation", "Код по НКПД", "Code of the national classification of occupations"),
            Term("municipality", "Код на община (НСИ)", "Code of a municipality (National Statistical Institute)"),
            Term("ekatte", "Код по ЕКАТТЕ", "EKATTE code of a settlement"),
            Term("facility", "Код на заведение", "Code of a facility"),
            Term("mediator", "Номер на медиатор", "Number of a health mediator"),
            Term("case", "Номер на случай", "Number of a case"),
            Term("consent-paper", "Номер на декларация за съгласие", "Number of a signed consent"),
            Term("hospital-stay", "Номер на болничен престой", "Number of a stay in hospital"),
        ),
    ),
)

ALL = (*VOCABULARIES, TYPES, *OWN)


def code_system(vocabulary: Vocabulary) -> dict[str, Any]:
    """Return the FHIR CodeSystem of a vocabulary: English displays, Bulgarian designations."""
    return {
        "resourceType": "CodeSystem",
        "id": f"hm-{vocabulary.name}",
        "url": f"{CANONICAL}/{vocabulary.name}",
        "version": VERSION,
        "name": "Hm" + "".join(word.capitalize() for word in vocabulary.name.split("-")),
        "title": vocabulary.title,
        "status": "active",
        "experimental": False,
        "publisher": "hm-fhir",
        "description": f"{vocabulary.title}.",
        "caseSensitive": True,
        "content": "complete",
        "count": len(vocabulary.terms),
        "concept": [
            {
                "code": term.code,
                "display": term.en,
                "designation": [{"language": "bg", "value": term.bg}],
            }
            for term in vocabulary.terms.values()
        ],
    }


def file_texts() -> dict[str, str]:
    """Return file name -> text of every CodeSystem."""
    return {
        f"CodeSystem-hm-{vocabulary.name}.json": json.dumps(code_system(vocabulary), ensure_ascii=False, indent=2)
        + "\n"
        for vocabulary in ALL
    }


def main() -> None:
    """Write all files, and remove those of code systems that are gone."""
    PACKAGE.mkdir(exist_ok=True)
    texts = file_texts()
    for path in PACKAGE.glob("CodeSystem-hm-*.json"):
        if path.name not in texts:
            path.unlink()
    for name, text in texts.items():
        (PACKAGE / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
