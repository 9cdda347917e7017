-- Where reading of each source goes on, and which activities came from it.

CREATE TABLE hm_fhir_sources (
    source TEXT PRIMARY KEY,
    cursor TEXT,
    made_with TEXT NOT NULL,
    scan INTEGER NOT NULL,
    read_at TEXT NOT NULL,
    tables TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE hm_fhir_origins (
    source TEXT NOT NULL,
    activity_key TEXT NOT NULL,
    document_key TEXT NOT NULL,
    scan INTEGER NOT NULL,
    PRIMARY KEY (source, activity_key)
) WITHOUT ROWID;

CREATE INDEX hm_fhir_origins_by_document
    ON hm_fhir_origins (source, document_key);

CREATE INDEX hm_fhir_origins_by_activity
    ON hm_fhir_origins (activity_key);

-- what a rejected record is a part of, and which activity it would have told of, when it says so
ALTER TABLE hm_fhir_rejected ADD COLUMN document TEXT;
ALTER TABLE hm_fhir_rejected ADD COLUMN activity_key TEXT;
-- 0: the reader could not read it, so what is kept is not the record
ALTER TABLE hm_fhir_rejected ADD COLUMN replayable INTEGER NOT NULL DEFAULT 1;

CREATE INDEX hm_fhir_rejected_by_activity
    ON hm_fhir_rejected (source, activity_key)
    WHERE activity_key IS NOT NULL;
