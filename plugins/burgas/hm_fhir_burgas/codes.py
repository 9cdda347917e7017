"""The abbreviations of the export. Keys are in lower case (the export writes them as it likes), values are of the
catalogue.
"""

from __future__ import annotations

TYPES = {
    "dp": "home-visit",
    "tel": "phone-contact",
    "ofis": "office-consultation",
    "prd": "accompaniment",
    "prv": "interpretation",
    "opl": "gp-registration",
    "zo": "insurance-help",
    "dok": "document-help",
    "sig": "rights-signal",
    "nas": "referral",
    "imu": "immunisation-recall",
    "brm": "pregnancy-detection",
    "rod": "postpartum-visit",
    "sp": "family-planning-counselling",
    "ppi": "sti-education",
    "tsf": "syphilis-test",
    "lsf": "syphilis-follow-up",
    "prt": "partner-notification",
    "vsf": "congenital-syphilis-follow-up",
    "skr": "screening-campaign",
    "bes": "group-health-talk",
    "pln": "needs-assessment",
    "neq": "no-show-tracing",
    "otd": "bedside-mediation",
    "izp": "discharge-follow-up",
    "prk": "case-closure",
}

SETTINGS = {
    "dom": "home",
    "teren": "field",
    "tel": "phone",
    "net": "online",
    "prak": "practice",
    "bol": "hospital",
    "ofis": "office",
}

GENDERS = {"ж": "female", "zh": "female", "м": "male", "m": "male"}

TOPICS = {
    "brm": "pregnancy-care",
    "nrd": "newborn-care",
    "krm": "breastfeeding",
    "dz": "child-health",
    "imu": "immunisation",
    "sp": "family-planning",
    "ppi": "sti-prevention",
    "sif": "syphilis",
    "hiv": "hiv",
    "tbk": "tuberculosis",
    "rak": "cancer-screening",
    "hron": "chronic-disease",
    "hrn": "nutrition",
    "hig": "hygiene",
    "zo": "health-insurance",
    "opl": "gp-registration",
    "prava": "patient-rights",
    "soc": "social-services",
    "nas": "domestic-violence",
}

REASONS = {
    "brm": "pregnancy",
    "zk": "antenatal-check",
    "rod": "postpartum-check",
    "nrd": "newborn-check",
    "dk": "child-check",
    "imu": "missed-immunisation",
    "kon": "contraception",
    "sif-s": "syphilis-suspected",
    "sif-i": "syphilis-test",
    "sif-l": "syphilis-treatment",
    "sif-k": "contact-of-syphilis",
    "prof": "screening",
    "op": "acute-complaint",
    "hron": "chronic-disease",
    "opl": "no-gp",
    "zo": "insurance-problem",
    "soc": "social-need",
    "nas": "violence",
    "bol": "hospital-stay",
    "neq": "missed-appointment",
    "pl": "routine-visit",
}

BARRIERS = {
    "zo": "no-insurance",
    "lk": "no-identity-document",
    "opl": "no-gp",
    "ezik": "language",
    "gram": "low-literacy",
    "negr": "illiteracy",
    "inf": "no-information",
    "trsp": "transport",
    "cena": "cost",
    "dohod": "low-income",
    "rab": "unemployment",
    "jil": "overcrowded-housing",
    "bezd": "homelessness",
    "strah": "fear",
    "nedov": "mistrust",
    "stig": "stigma",
    "sem": "family-refusal",
    "deca": "childcare",
    "chak": "waiting-time",
    "disk": "discrimination",
    "nas": "violence",
    "prem": "moved-away",
}

DESTINATIONS = {
    "opl": "gp",
    "ag": "gynaecologist",
    "kv": "dermato-venereologist",
    "ped": "paediatrician",
    "bol": "hospital",
    "sp": "emergency",
    "lab": "laboratory",
    "soc": "social-services",
    "uch": "school",
}

PRIORITIES = {"p": "routine", "s": "urgent", "b": "asap", "n": "stat"}

PREGNANCIES = {"b": "pregnant", "v": "possibly-pregnant", "n": "not-pregnant"}

TESTS = {
    "bt": "syphilis-rapid",
    "rpr": "syphilis-rpr",
    "rpr-t": "syphilis-rpr-titre",
    "tpha": "syphilis-treponemal",
    "hiv": "hiv-rapid",
    "bhcg": "pregnancy",
}

RESULTS = {"o": "negative", "p": "positive", "g": "indeterminate"}

GOALS = {
    "opl": "gp-chosen",
    "zo": "insured",
    "dok": "documents-issued",
    "zk": "antenatal-care-started",
    "rod": "safe-birth",
    "imu": "immunised",
    "kon": "contraception-chosen",
    "sif-i": "syphilis-tested",
    "sif-l": "syphilis-treated",
    "spec": "specialist-seen",
    "zasht": "safe-from-violence",
}

OUTCOMES = {
    "da": "achieved",
    "chast": "partly-achieved",
    "ne": "not-achieved",
    "lipsva": "person-not-found",
    "otkaz": "refused",
    "chas": "appointment-made",
    "yavil": "attended",
    "neq": "not-attended",
    "priet": "admitted",
    "zapisan": "registered",
    "dok": "document-issued",
    "pros": "follow-up-needed",
}

STATUSES = {
    "p": "planned",
    "t": "in-progress",
    "i": "completed",
    "o": "cancelled",
    "n": "not-done",
    "x": "entered-in-error",
}
