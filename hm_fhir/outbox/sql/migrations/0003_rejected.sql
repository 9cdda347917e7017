-- Records that could not become an activity, once each, until they are accepted.

CREATE TABLE hm_fhir_rejected (
    source TEXT NOT NULL,
    record_digest TEXT NOT NULL,
    place TEXT,
    code TEXT NOT NULL,
    message TEXT NOT NULL,
    content BLOB NOT NULL,
    first_at TEXT NOT NULL,
    last_at TEXT NOT NULL,
    times INTEGER NOT NULL,
    PRIMARY KEY (source, record_digest)
);
