-- The whole schema as it is today, for a new store and for a reader.
-- A test proves that it equals the sum of the migrations; change both together. The table hm_fhir_schema, which holds
-- the number of the last migration, is made by the code that applies them.
-- Times are ISO 8601 text in UTC with microseconds, so that text order is time order.

CREATE TABLE hm_fhir_binding (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    key_id TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    bound_at TEXT NOT NULL
);

CREATE TABLE hm_fhir_activities (
    activity_key TEXT PRIMARY KEY,
    source TEXT NOT NULL,
    version_key TEXT NOT NULL,
    record_digest TEXT NOT NULL,
    content_digest TEXT NOT NULL,
    -- counts the contents, so that an entry knows whether it was made of the present one
    revision INTEGER NOT NULL,
    changed_at TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE hm_fhir_entries (
    -- never used twice: words and audit trails name entries by it
    entry_id INTEGER PRIMARY KEY AUTOINCREMENT,
    target TEXT NOT NULL,
    source TEXT NOT NULL,
    activity_key TEXT NOT NULL REFERENCES hm_fhir_activities,
    version_key TEXT NOT NULL,
    revision INTEGER NOT NULL,
    activity_type TEXT NOT NULL,
    person_key TEXT,
    state TEXT NOT NULL
        CHECK (state IN ('waiting', 'withheld', 'delivered', 'unchanged', 'superseded', 'parked')),
    code TEXT,
    attempts INTEGER NOT NULL DEFAULT 0,
    retry_at TEXT CHECK (retry_at IS NULL OR state = 'waiting'),
    deferred INTEGER NOT NULL DEFAULT 0 CHECK (deferred = 0 OR state = 'waiting'),
    lease_owner TEXT,
    lease_until TEXT CHECK ((lease_until IS NULL) = (lease_owner IS NULL)),
    created_at TEXT NOT NULL,
    settled_at TEXT,
    delivered_at TEXT,
    mapping TEXT,
    mapping_version TEXT,
    pack TEXT NOT NULL
);

-- claim looks at what waits in order; counts and lists follow the states
CREATE INDEX hm_fhir_entries_by_state
    ON hm_fhir_entries (state, target, entry_id, retry_at, lease_until);

-- the versions of one activity at one target
CREATE INDEX hm_fhir_entries_by_activity
    ON hm_fhir_entries (activity_key, target);

-- what can hold up later entries of a person: small, because it is empty when all goes well
CREATE INDEX hm_fhir_entries_ahead
    ON hm_fhir_entries (target, person_key, entry_id)
    WHERE person_key IS NOT NULL AND (lease_until IS NOT NULL OR retry_at IS NOT NULL);

-- what is being sent now
CREATE INDEX hm_fhir_entries_leased
    ON hm_fhir_entries (lease_owner)
    WHERE lease_owner IS NOT NULL;

CREATE INDEX hm_fhir_entries_in_flight
    ON hm_fhir_entries (target, activity_key)
    WHERE lease_until IS NOT NULL;

-- apart from the entries, whose rows change often and should stay small
CREATE TABLE hm_fhir_payloads (
    entry_id INTEGER PRIMARY KEY REFERENCES hm_fhir_entries,
    content BLOB NOT NULL,
    holds TEXT NOT NULL,
    needs TEXT NOT NULL
);

CREATE TABLE hm_fhir_words (
    word_id INTEGER PRIMARY KEY,
    entry_id INTEGER NOT NULL REFERENCES hm_fhir_entries,
    at TEXT NOT NULL,
    status TEXT,
    content BLOB NOT NULL
);

CREATE INDEX hm_fhir_words_by_entry
    ON hm_fhir_words (entry_id);

CREATE TABLE hm_fhir_tallies (
    target TEXT NOT NULL,
    name TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (target, name)
) WITHOUT ROWID;

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

-- activities that make one resource together, such as the plan of a case; none of them may withdraw it alone
CREATE TABLE hm_fhir_producers (
    target TEXT NOT NULL,
    resource_key TEXT NOT NULL,
    activity_key TEXT NOT NULL,
    PRIMARY KEY (target, resource_key, activity_key)
) WITHOUT ROWID;

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
    -- what it is a part of, and which activity it would have told of, when it says so
    document TEXT,
    activity_key TEXT,
    -- 0: the reader could not read it, so what is kept is not the record
    replayable INTEGER NOT NULL DEFAULT 1,
    PRIMARY KEY (source, record_digest)
);

CREATE INDEX hm_fhir_rejected_by_activity
    ON hm_fhir_rejected (source, activity_key)
    WHERE activity_key IS NOT NULL;

-- where reading of each source goes on; what the cursor was made with says whether it still holds
CREATE TABLE hm_fhir_sources (
    source TEXT PRIMARY KEY,
    cursor TEXT,
    made_with TEXT NOT NULL,
    scan INTEGER NOT NULL,
    read_at TEXT NOT NULL,
    -- digests of the tables (sheets) of the last complete reading
    tables TEXT NOT NULL,
    -- the last reading that came to its end
    complete INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

-- which activities came from which document of a source, and in which reading they were last seen
CREATE TABLE hm_fhir_origins (
    source TEXT NOT NULL,
    activity_key TEXT NOT NULL,
    document_key TEXT NOT NULL,
    scan INTEGER NOT NULL,
    -- digest of what the source said last, where no times of change decide; and in which reading; negative: it still holds
    said TEXT NOT NULL DEFAULT '',
    said_in INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (source, activity_key)
) WITHOUT ROWID;

CREATE INDEX hm_fhir_origins_by_document
    ON hm_fhir_origins (source, document_key);

CREATE INDEX hm_fhir_origins_by_activity
    ON hm_fhir_origins (activity_key);
