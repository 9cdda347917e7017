-- What each target last received, and which deferred entries wait for something to be received.

CREATE TABLE hm_fhir_ledger (
    target TEXT NOT NULL,
    resource_key TEXT NOT NULL,
    content_digest TEXT NOT NULL,
    version_key TEXT NOT NULL,
    activity_key TEXT NOT NULL,
    shared INTEGER NOT NULL,
    remote_version TEXT,
    withdrawn INTEGER NOT NULL,
    sent_at TEXT NOT NULL,
    PRIMARY KEY (target, resource_key)
) WITHOUT ROWID;

CREATE TABLE hm_fhir_missing (
    entry_id INTEGER NOT NULL REFERENCES hm_fhir_entries,
    target TEXT NOT NULL,
    resource_key TEXT NOT NULL,
    PRIMARY KEY (entry_id, resource_key)
) WITHOUT ROWID;

CREATE INDEX hm_fhir_missing_by_resource
    ON hm_fhir_missing (target, resource_key);
