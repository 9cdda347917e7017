"""The columns of the register and the words in them. Keys are in lower case, values are of the catalogue."""

from __future__ import annotations

COLUMNS = (
    "№ по ред",
    "Дата",
    "Час",
    "Медиатор",
    "Вид дейност",
    "Място",
    "Вид номер",
    "ЕГН/ЛНЧ",
    "Имена",
    "Пол",
    "Дата на раждане",
    "Населено място (ЕКАТТЕ)",
    "Телефон",
    "Теми",
    "Причина",
    "Бариери",
    "Насочен към",
    "Лечебно заведение",
    "НРН",
    "Приоритет",
    "Час за преглед",
    "Бременност",
    "ПМ",
    "Тест",
    "Дата на тест",
    "Резултат",
    "Брой участници",
    "План/цели",
    "Следващи стъпки",
    "Срок",
    "Случай №",
    "По дейност №",
    "Резултат от посещението",
    "Статус",
    "Бележка",
    "Последна промяна",
)
"""Without one of these nothing is read: a column that was renamed would otherwise be lost without a word."""

OBLIGATORY = ("№ по ред", "Дата", "Медиатор", "Вид дейност", "Място", "Последна промяна")
"""Columns that are filled in every row."""

MEANINGLESS_WITHOUT = {
    "НРН": "Насочен към",
    "Приоритет": "Насочен към",
    "Час за преглед": "Насочен към",
    "ПМ": "Бременност",
    "Дата на тест": "Тест",
    "Резултат": "Тест",
}
"""A column that is filled says something only together with the other one; alone it would be lost."""

TYPES = {
    "домашно посещение": "home-visit",
    "посещение в дома": "home-visit",
    "телефон": "phone-contact",
    "телефонен разговор": "phone-contact",
    "прием в офиса": "office-consultation",
    "придружаване": "accompaniment",
    "превод": "interpretation",
    "записване при опл": "gp-registration",
    "здравно осигуряване": "insurance-help",
    "документи": "document-help",
    "сигнал": "rights-signal",
    "насочване": "referral",
    "имунизация - издирване": "immunisation-recall",
    "нова бременност": "pregnancy-detection",
    "родилка и новородено": "postpartum-visit",
    "семейно планиране": "family-planning-counselling",
    "обучение ппи": "sti-education",
    "тест за сифилис": "syphilis-test",
    "лечение на сифилис": "syphilis-follow-up",
    "партньори": "partner-notification",
    "новородено - сифилис": "congenital-syphilis-follow-up",
    "кампания": "screening-campaign",
    "беседа": "group-health-talk",
    "оценка на нуждите": "needs-assessment",
    "неявил се": "no-show-tracing",
    "в болнично отделение": "bedside-mediation",
    "след изписване": "discharge-follow-up",
    "приключен случай": "case-closure",
}

SETTINGS = {
    "дом": "home",
    "у дома": "home",
    "терен": "field",
    "махала": "field",
    "телефон": "phone",
    "вайбър": "online",
    "кабинет": "practice",
    "лаборатория": "practice",
    "болница": "hospital",
    "офис": "office",
}

NUMBERS = {"егн": "egn", "лнч": "lnch", "паспорт": "passport", "новородено": "nhis-newborn"}

GENDERS = {"ж": "female", "м": "male"}

TOPICS = {
    "бременност": "pregnancy-care",
    "новородено": "newborn-care",
    "кърмене": "breastfeeding",
    "детско здраве": "child-health",
    "имунизации": "immunisation",
    "семейно планиране": "family-planning",
    "ппи": "sti-prevention",
    "сифилис": "syphilis",
    "спин": "hiv",
    "хив": "hiv",
    "туберкулоза": "tuberculosis",
    "профилактика": "cancer-screening",
    "хронични": "chronic-disease",
    "хранене": "nutrition",
    "хигиена": "hygiene",
    "осигуряване": "health-insurance",
    "личен лекар": "gp-registration",
    "права": "patient-rights",
    "социални": "social-services",
    "насилие": "domestic-violence",
}

REASONS = {
    "бременност": "pregnancy",
    "женска консултация": "antenatal-check",
    "след раждане": "postpartum-check",
    "новородено": "newborn-check",
    "детска консултация": "child-check",
    "пропусната имунизация": "missed-immunisation",
    "контрацепция": "contraception",
    "съмнение за сифилис": "syphilis-suspected",
    "изследване за сифилис": "syphilis-test",
    "лечение на сифилис": "syphilis-treatment",
    "контактно лице": "contact-of-syphilis",
    "профилактичен преглед": "screening",
    "оплакване": "acute-complaint",
    "хронично заболяване": "chronic-disease",
    "няма опл": "no-gp",
    "неосигурен": "insurance-problem",
    "социална нужда": "social-need",
    "насилие": "violence",
    "болнично лечение": "hospital-stay",
    "неявил се": "missed-appointment",
    "планово": "routine-visit",
}

BARRIERS = {
    "неосигурен": "no-insurance",
    "без документи": "no-identity-document",
    "без опл": "no-gp",
    "език": "language",
    "слабо грамотен": "low-literacy",
    "неграмотен": "illiteracy",
    "не знае": "no-information",
    "няма превоз": "transport",
    "няма пари": "cost",
    "ниски доходи": "low-income",
    "безработен": "unemployment",
    "пренаселено": "overcrowded-housing",
    "бездомен": "homelessness",
    "страх": "fear",
    "недоверие": "mistrust",
    "срам": "stigma",
    "семейството не дава": "family-refusal",
    "малки деца": "childcare",
    "дълго чакане": "waiting-time",
    "отношение": "discrimination",
    "насилие": "violence",
    "преместен": "moved-away",
}

DESTINATIONS = {
    "опл": "gp",
    "аг": "gynaecologist",
    "кожно-венерологичен": "dermato-venereologist",
    "педиатър": "paediatrician",
    "болница": "hospital",
    "спешна помощ": "emergency",
    "лаборатория": "laboratory",
    "дсп": "social-services",
    "училище": "school",
}

PRIORITIES = {"планов": "routine", "спешен": "urgent", "възможно най-скоро": "asap", "незабавно": "stat"}

PREGNANCIES = {
    "да": ("pregnant", False),
    "да, потвърдена": ("pregnant", True),
    "вероятно": ("possibly-pregnant", False),
    "не": ("not-pregnant", False),
}
"""Pregnancy status, and whether a clinician or a test has confirmed it."""

TESTS = {
    "бърз": "syphilis-rapid",
    "rpr": "syphilis-rpr",
    "tpha": "syphilis-treponemal",
    "хив": "hiv-rapid",
    "бременност": "pregnancy",
}

RESULTS = {"отрицателен": "negative", "положителен": "positive", "неясен": "indeterminate"}

GOALS = {
    "личен лекар": "gp-chosen",
    "осигуряване": "insured",
    "документи": "documents-issued",
    "женска консултация": "antenatal-care-started",
    "раждане в болница": "safe-birth",
    "имунизации": "immunised",
    "контрацепция": "contraception-chosen",
    "изследване за сифилис": "syphilis-tested",
    "лечение на сифилис": "syphilis-treated",
    "специалист": "specialist-seen",
    "защита": "safe-from-violence",
}

OUTCOMES = {
    "успешно": "achieved",
    "отчасти": "partly-achieved",
    "неуспешно": "not-achieved",
    "не е открит": "person-not-found",
    "отказ": "refused",
    "уговорен час": "appointment-made",
    "явил се": "attended",
    "не се явил": "not-attended",
    "приет": "admitted",
    "записан": "registered",
    "издаден документ": "document-issued",
    "проследяване": "follow-up-needed",
}

STATUSES = {
    "планирано": "planned",
    "започнато": "in-progress",
    "извършено": "completed",
    "отменено": "cancelled",
    "неизвършено": "not-done",
    "изтрито": "entered-in-error",
    "грешен запис": "entered-in-error",
}

# In these activities the number of an earlier one is that of the referral that they carry out.
CARRY_OUT_REFERRALS = {"accompaniment"}
