-- name: known_activity
-- The newest version of an activity.
SELECT * FROM hm_fhir_activities WHERE activity_key = :activity_key;

-- name: packs_of_activity
-- The packs of the entries that were made of one content of an activity, oldest first.
SELECT target, pack
FROM hm_fhir_entries
WHERE activity_key = :activity_key AND revision = :revision
ORDER BY entry_id;

-- name: latest_route
-- What the last entry of an activity says of it.
SELECT activity_type, person_key
FROM hm_fhir_entries
WHERE activity_key = :activity_key
ORDER BY entry_id DESC
LIMIT 1;

-- name: offered_activity
-- Whether an entry of an activity with anything in it was ever made for a target.
SELECT 1
FROM hm_fhir_entries AS e
JOIN hm_fhir_payloads AS p ON p.entry_id = e.entry_id
WHERE e.activity_key = :activity_key AND e.target = :target AND p.holds <> '[]'
LIMIT 1;

-- name: write_activity
-- Records a new activity, or the newer version of a known one.
INSERT INTO hm_fhir_activities
    (activity_key, source, version_key, record_digest, content_digest, revision, changed_at)
VALUES
    (:activity_key, :source, :version_key, :record_digest, :content_digest, :revision, :now)
ON CONFLICT (activity_key) DO UPDATE SET
    source = excluded.source,
    version_key = excluded.version_key,
    record_digest = excluded.record_digest,
    content_digest = excluded.content_digest,
    revision = excluded.revision,
    changed_at = excluded.changed_at;

-- name: write_record_digest
-- Remembers the record that last said the same as the known version.
UPDATE hm_fhir_activities SET record_digest = :record_digest WHERE activity_key = :activity_key;

-- name: unsettled_entries
-- The entries of an activity that a newer one takes over, at one target or (without a target) at all.
SELECT entry_id, deferred
FROM hm_fhir_entries
WHERE activity_key = :activity_key
    AND (:target IS NULL OR target = :target)
    AND state IN ('waiting', 'parked', 'withheld');

-- name: supersede_entry
-- Takes an entry out of the way. A lease stays: the entry may be on its way to the target right now.
UPDATE hm_fhir_entries
SET state = 'superseded', settled_at = :now, retry_at = NULL, deferred = 0
WHERE entry_id = :entry_id;

-- name: insert_entry
-- Makes the entry of one activity version for one target.
INSERT INTO hm_fhir_entries
    (target, source, activity_key, version_key, revision, activity_type, person_key, state, code, created_at,
    mapping, mapping_version, pack)
VALUES
    (:target, :source, :activity_key, :version_key, :revision, :activity_type, :person_key, :state, :code, :now,
    :mapping, :mapping_version, :pack);

-- name: insert_payload
-- Keeps the payload of an entry.
INSERT INTO hm_fhir_payloads (entry_id, content, holds, needs) VALUES (:entry_id, :content, :holds, :needs);

-- name: add_to_tally
-- Counts what the states of the entries are checked against later.
INSERT INTO hm_fhir_tallies (target, name, count) VALUES (:target, :name, 1)
ON CONFLICT (target, name) DO UPDATE SET count = count + 1;

-- name: reject_record
-- Keeps a record that cannot become an activity, once.
INSERT INTO hm_fhir_rejected
    (source, record_digest, place, code, message, content, first_at, last_at, times, document,
    activity_key, replayable)
VALUES
    (:source, :record_digest, :place, :code, :message, :content, :at, :at, 1, :document,
    :activity_key, :replayable)
ON CONFLICT (source, record_digest) DO UPDATE SET
    place = excluded.place,
    code = excluded.code,
    message = excluded.message,
    content = excluded.content,
    last_at = excluded.last_at,
    times = times + 1,
    document = excluded.document,
    activity_key = excluded.activity_key,
    replayable = excluded.replayable;

-- name: accept_record
-- Forgets the rejection of a record that is good by now.
DELETE FROM hm_fhir_rejected WHERE source = :source AND record_digest = :record_digest;

-- name: accept_activity
-- Forgets what was rejected of an activity, in the document from which it was taken by now.
DELETE FROM hm_fhir_rejected
WHERE source = :source AND activity_key = :activity_key AND document IS :document;

-- name: settle_activity
-- Forgets what was rejected of an activity that is a row.
DELETE FROM hm_fhir_rejected WHERE source = :source AND activity_key = :activity_key AND document IS NULL;
