"""Coded words that an activity may use, as data: topics, reasons, barriers, outcomes, goals, findings.

Every entry has a Bulgarian and an English label and, where it tells something that the law or good practice
protects, its sensitivity (HL7 v3-ActCode: STD, HIV, SEX, SDV). Codes of other systems (SNOMED CT, LOINC, ICD-10) are
not here: they are the ConceptMaps of the mapping pack.
"""

from __future__ import annotations

from dataclasses import dataclass

from hm_fhir.errors import did_you_mean


@dataclass(frozen=True, slots=True)
class Term:
    """One coded word.

    Args:
        code: the word, ``kebab-case``; never changes its meaning.
        bg: Bulgarian label.
        en: English label.
        sensitivity: HL7 v3-ActCode codes that an activity gets when it uses the word.
    """

    code: str
    bg: str
    en: str
    sensitivity: tuple[str, ...] = ()


class Vocabulary:
    """A closed list of terms.

    Args:
        name: singular, ``kebab-case``; also the name of the FHIR CodeSystem made from it.
        title: English title of that CodeSystem.
        terms: all terms; codes are unique.
    """

    def __init__(self, name: str, title: str, terms: tuple[Term, ...]) -> None:
        self.name = name
        self.title = title
        self.terms = {term.code: term for term in terms}
        if len(self.terms) != len(terms):
            raise ValueError(f"a code stands twice in vocabulary {name}")

    def check(self, code: str) -> str:
        """Return the code.

        Raises:
            ValueError: it is unknown; the message names known codes, never the unknown one.
        """
        if code not in self.terms:
            hint = did_you_mean(code, self.terms)
            raise ValueError(f"unknown {self.name}; {hint}")
        return code

    def sensitivity(self, code: str) -> tuple[str, ...]:
        """Return the v3-ActCode sensitivity codes of a known code."""
        return self.terms[code].sensitivity


_STD, _HIV, _SEX, _SDV = ("STD",), ("HIV",), ("SEX",), ("SDV",)

TOPICS = Vocabulary(
    "topic",
    "Topics of health information",
    (
        Term("pregnancy-care", "Грижи през бременността", "Care in pregnancy", _SEX),
        Term("newborn-care", "Грижи за новороденото", "Newborn care"),
        Term("breastfeeding", "Кърмене", "Breastfeeding"),
        Term("child-health", "Детско здраве", "Child health"),
        Term("immunisation", "Имунизации", "Immunisation"),
        Term("family-planning", "Семейно планиране", "Family planning", _SEX),
        Term("sti-prevention", "Превенция на полово предавани инфекции", "Prevention of STIs", _STD),
        Term("syphilis", "Сифилис", "Syphilis", _STD),
        Term("hiv", "ХИВ", "HIV", _HIV),
        Term("tuberculosis", "Туберкулоза", "Tuberculosis"),
        Term("cancer-screening", "Скрининг за рак", "Cancer screening"),
        Term("chronic-disease", "Хронични заболявания", "Chronic disease"),
        Term("nutrition", "Хранене", "Nutrition"),
        Term("hygiene", "Хигиена", "Hygiene"),
        Term("health-insurance", "Здравно осигуряване", "Health insurance"),
        Term("gp-registration", "Избор на личен лекар", "Choosing a GP"),
        Term("patient-rights", "Права на пациента", "Patient rights"),
        Term("social-services", "Социални услуги", "Social services"),
        Term("domestic-violence", "Домашно насилие", "Domestic violence", _SDV),
    ),
)

REASONS = Vocabulary(
    "reason",
    "Why a mediator acts or refers",
    (
        Term("pregnancy", "Бременност", "Pregnancy", _SEX),
        Term("antenatal-check", "Преглед през бременността", "Antenatal check", _SEX),
        Term("postpartum-check", "Преглед след раждане", "Postpartum check", _SEX),
        Term("newborn-check", "Преглед на новородено", "Newborn check"),
        Term("child-check", "Детска консултация", "Child health check"),
        Term("missed-immunisation", "Пропусната имунизация", "Missed immunisation"),
        Term("contraception", "Контрацепция", "Contraception", _SEX),
        Term("syphilis-suspected", "Съмнение за сифилис", "Suspected syphilis", _STD),
        Term("syphilis-test", "Изследване за сифилис", "Syphilis test", _STD),
        Term("syphilis-treatment", "Лечение на сифилис", "Treatment of syphilis", _STD),
        Term("contact-of-syphilis", "Контакт с болен от сифилис", "Contact of a syphilis case", _STD),
        Term("screening", "Профилактичен преглед", "Screening"),
        Term("acute-complaint", "Остро оплакване", "Acute complaint"),
        Term("chronic-disease", "Хронично заболяване", "Chronic disease"),
        Term("no-gp", "Няма личен лекар", "Has no GP"),
        Term("insurance-problem", "Проблем с осигуряването", "Insurance problem"),
        Term("social-need", "Социална потребност", "Social need"),
        Term("violence", "Насилие", "Violence", _SDV),
        Term("child-at-risk", "Дете в риск", "Child at risk"),
        Term("denied-care", "Отказана помощ", "Care was denied"),
        Term("discrimination", "Дискриминация", "Discrimination"),
        Term("hospital-stay", "Престой в болница", "Hospital stay"),
        Term("missed-appointment", "Пропуснат преглед", "Missed appointment"),
        Term("routine-visit", "Планово посещение", "Routine visit"),
    ),
)

BARRIERS = Vocabulary(
    "barrier",
    "Barriers on the way to care",
    (
        Term("no-insurance", "Без здравна осигуровка", "No health insurance"),
        Term("no-identity-document", "Без документ за самоличност", "No identity document"),
        Term("no-gp", "Без личен лекар", "No GP"),
        Term("language", "Езикова бариера", "Language barrier"),
        Term("low-literacy", "Ниска грамотност", "Low literacy"),
        Term("illiteracy", "Неграмотност", "Illiteracy"),
        Term("no-information", "Липса на информация", "Lack of information"),
        Term("transport", "Липса на транспорт", "No transport"),
        Term("cost", "Разходи", "Cost"),
        Term("low-income", "Ниски доходи", "Low income"),
        Term("unemployment", "Безработица", "Unemployment"),
        Term("overcrowded-housing", "Пренаселено жилище", "Overcrowded housing"),
        Term("homelessness", "Бездомност", "Homelessness"),
        Term("fear", "Страх", "Fear"),
        Term("mistrust", "Недоверие", "Mistrust"),
        Term("stigma", "Стигма", "Stigma"),
        Term("family-refusal", "Отказ на семейството", "Refusal of the family"),
        Term("childcare", "Няма кой да гледа децата", "Nobody to mind the children"),
        Term("waiting-time", "Дълго чакане", "Long waiting time"),
        Term("discrimination", "Дискриминация", "Discrimination"),
        Term("violence", "Насилие", "Violence", _SDV),
        Term("moved-away", "Преместване", "Moved away"),
    ),
)

OUTCOMES = Vocabulary(
    "outcome",
    "What came of an activity",
    (
        Term("achieved", "Постигнато", "Achieved"),
        Term("partly-achieved", "Частично постигнато", "Partly achieved"),
        Term("not-achieved", "Непостигнато", "Not achieved"),
        Term("person-not-found", "Лицето не е открито", "Person not found"),
        Term("refused", "Отказ", "Refused"),
        Term("appointment-made", "Уговорен час", "Appointment made"),
        Term("attended", "Явил се на преглед", "Attended"),
        Term("not-attended", "Неявил се на преглед", "Did not attend"),
        Term("admitted", "Приет в болница", "Admitted to hospital"),
        Term("registered", "Записан", "Registered"),
        Term("document-issued", "Издаден документ", "Document issued"),
        Term("follow-up-needed", "Нужно проследяване", "Follow-up needed"),
    ),
)

DESTINATIONS = Vocabulary(
    "referral-destination",
    "To whom a mediator refers",
    (
        Term("gp", "Общопрактикуващ лекар", "General practitioner"),
        Term("gynaecologist", "Акушер-гинеколог", "Gynaecologist", _SEX),
        Term("dermato-venereologist", "Дермато-венеролог", "Dermato-venereologist", _STD),
        Term("paediatrician", "Педиатър", "Paediatrician"),
        Term("hospital", "Болница", "Hospital"),
        Term("emergency", "Спешна помощ", "Emergency care"),
        Term("laboratory", "Лаборатория", "Laboratory"),
        Term("social-services", "Социални услуги", "Social services"),
        Term("child-protection", "Отдел „Закрила на детето“", "Child protection"),
        Term("discrimination-commission", "Комисия за защита от дискриминация", "Anti-discrimination commission"),
        Term("health-insurance-fund", "Здравноосигурителна каса", "Health insurance fund"),
        Term("school", "Училище", "School"),
    ),
)

TESTS = Vocabulary(
    "test-kind",
    "Tests that a mediator links people to",
    (
        Term("syphilis-rapid", "Бърз тест за сифилис", "Syphilis rapid test", _STD),
        Term("syphilis-rpr", "RPR за сифилис", "Syphilis RPR", _STD),
        Term("syphilis-rpr-titre", "RPR титър", "Syphilis RPR titre", _STD),
        Term("syphilis-treponemal", "Трепонемен тест за сифилис", "Syphilis treponemal test", _STD),
        Term("hiv-rapid", "Бърз тест за ХИВ", "HIV rapid test", _HIV),
        Term("pregnancy", "Тест за бременност", "Pregnancy test", _SEX),
    ),
)

GOALS = Vocabulary(
    "goal",
    "Goals of a case plan",
    (
        Term("gp-chosen", "Избран личен лекар", "A GP is chosen"),
        Term("insured", "Възстановени осигурителни права", "Insurance rights are restored"),
        Term("documents-issued", "Издадени документи", "Documents are issued"),
        Term(
            "antenatal-care-started",
            "Започнато наблюдение на бременността",
            "Antenatal care is started",
            _SEX,
        ),
        Term("safe-birth", "Раждане в болница", "Birth in hospital", _SEX),
        Term("immunised", "Направени имунизации", "Immunisations are given"),
        Term("contraception-chosen", "Избран метод за контрацепция", "A contraceptive is chosen", _SEX),
        Term("syphilis-tested", "Изследване за сифилис", "Tested for syphilis", _STD),
        Term("syphilis-treated", "Лечение на сифилис", "Syphilis is treated", _STD),
        Term("specialist-seen", "Преглед при специалист", "Seen by a specialist"),
        Term("safe-from-violence", "Защита от насилие", "Safe from violence", _SDV),
    ),
)

SETTINGS = Vocabulary(
    "setting",
    "Where a mediator works",
    (
        Term("home", "В дома", "At home"),
        Term("field", "На терен", "In the field"),
        Term("phone", "По телефона", "By phone"),
        Term("online", "Онлайн", "Online"),
        Term("practice", "В лекарска практика", "In a practice"),
        Term("hospital", "В болница", "In a hospital"),
        Term("office", "В офиса на медиатора", "In the mediator's office"),
    ),
)

SPECIALTIES = Vocabulary(
    "specialty",
    "Medical specialties of places of care",
    (
        Term("general-practice", "Обща медицина", "General practice"),
        Term("gynaecology", "Акушерство и гинекология", "Obstetrics and gynaecology", _SEX),
        Term("neonatology", "Неонатология", "Neonatology"),
        Term("paediatrics", "Детски болести", "Paediatrics"),
        Term("dermato-venereology", "Кожни и венерически болести", "Dermatology and venereology", _STD),
        Term("infectious-diseases", "Инфекциозни болести", "Infectious diseases"),
        Term("pulmonology", "Белодробни болести", "Lung diseases"),
        Term("internal-medicine", "Вътрешни болести", "Internal medicine"),
        Term("surgery", "Хирургия", "Surgery"),
        Term("oncology", "Онкология", "Oncology"),
        Term("emergency-medicine", "Спешна медицина", "Emergency medicine"),
    ),
)

PROGRESS = Vocabulary(
    "referral-progress",
    "Business status of a referral and its appointment",
    (
        Term("scheduled", "Уговорен час", "An appointment is made"),
        Term("attended", "Явил се", "The person attended"),
        Term("unattended", "Неявил се", "The person did not attend"),
        Term("cancelled", "Отменен час", "The appointment is cancelled"),
    ),
)

PREGNANCY_OUTCOMES = Vocabulary(
    "pregnancy-outcome",
    "How a pregnancy ended",
    (
        Term("live-birth", "Раждане на живо дете", "Live birth", _SEX),
        Term("stillbirth", "Мъртво раждане", "Stillbirth", _SEX),
        Term("miscarriage", "Спонтанен аборт", "Miscarriage", _SEX),
        Term("termination", "Прекъсване на бременността", "Termination of pregnancy", _SEX),
    ),
)

IMMUNISATION_REASONS = Vocabulary(
    "immunisation-reason",
    "Why an immunisation was not given",
    (
        Term("objection", "Несъгласие на лицето или родителя", "Objection of the person or a parent"),
        Term("medical-reason", "Медицинска причина според лекар", "Medical reason, as a doctor says"),
        Term("out-of-stock", "Няма ваксина", "No vaccine in stock"),
        Term("no-gp", "Без личен лекар", "No GP"),
        Term("not-informed", "Без информация за имунизацията", "Did not know of it"),
        Term("away", "Отсъствие от населеното място", "Away from home"),
    ),
)

DOCUMENTS = Vocabulary(
    "document-kind",
    "Papers that a mediator helps with",
    (
        Term("leaflet", "Здравна брошура", "Health leaflet"),
        Term("gp-choice-form", "Регистрационна форма за избор на личен лекар", "Form to choose a GP"),
        Term("insurance-paper", "Документ за здравно осигуряване", "Paper on health insurance"),
        Term("identity-card", "Лична карта", "Identity card"),
        Term("birth-certificate", "Акт за раждане", "Birth certificate"),
        Term("benefit-application", "Заявление за социална помощ", "Application for a social benefit"),
        Term("disability-decision", "Решение на ТЕЛК", "Decision on a disability (TELK)"),
        Term("referral-paper", "Направление", "Doctor's referral"),
        Term("test-result", "Резултат от изследване", "Result of a test"),
        Term("discharge-letter", "Епикриза", "Discharge letter"),
        Term("immunisation-record", "Имунизационен паспорт", "Immunisation record"),
        Term("complaint", "Жалба или сигнал", "Complaint or signal"),
        Term("consent-form", "Декларация за съгласие", "Form of consent"),
    ),
)

DOCUMENT_STEPS = Vocabulary(
    "document-step",
    "What was done with a paper",
    (
        Term("handed-over", "Предаден на лицето", "Handed over to the person"),
        Term("shown", "Показан от лицето", "Shown by the person"),
        Term("filled-in", "Попълнен с помощта на медиатора", "Filled in with the help of the mediator"),
        Term("submitted", "Подаден в институция", "Submitted to an institution"),
    ),
)

CONSENT_COVERAGE = Vocabulary(
    "consent-coverage",
    "What a person allows a mediator",
    (
        Term("mediation", "Медиация и водене на записи", "Mediation, and records of it"),
        Term("sharing", "Предаване на данни на лекуващи и институции", "Passing on data to those who treat or serve"),
    ),
)

VOCABULARIES = (
    TOPICS,
    REASONS,
    BARRIERS,
    OUTCOMES,
    DESTINATIONS,
    TESTS,
    GOALS,
    SETTINGS,
    SPECIALTIES,
    PROGRESS,
    PREGNANCY_OUTCOMES,
    IMMUNISATION_REASONS,
    DOCUMENTS,
    DOCUMENT_STEPS,
    CONSENT_COVERAGE,
)
