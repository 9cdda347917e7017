-- name: due_entries
-- What a worker may have now, in order. An entry is held up by an earlier one of the same person that is being sent
-- or is scheduled for later (unless it only waits for a reference), and by its own older version on its way.
SELECT e.*, p.content, p.holds, p.needs
FROM hm_fhir_entries AS e INDEXED BY hm_fhir_entries_by_state
JOIN hm_fhir_payloads AS p ON p.entry_id = e.entry_id
WHERE e.state = 'waiting'
    AND e.target = :target
    AND (e.retry_at IS NULL OR e.retry_at <= :now)
    AND (e.lease_until IS NULL OR e.lease_until <= :now)
    AND NOT EXISTS (
        SELECT 1
        FROM hm_fhir_entries AS ahead INDEXED BY hm_fhir_entries_ahead
        WHERE ahead.target = e.target
            AND ahead.person_key = e.person_key
            AND ahead.person_key IS NOT NULL
            AND (ahead.lease_until IS NOT NULL OR ahead.retry_at IS NOT NULL)
            AND ahead.entry_id < e.entry_id
            AND (ahead.lease_until > :now OR (ahead.retry_at > :now AND ahead.deferred = 0))
    )
    AND NOT EXISTS (
        SELECT 1
        FROM hm_fhir_entries AS older INDEXED BY hm_fhir_entries_in_flight
        WHERE older.target = e.target
            AND older.activity_key = e.activity_key
            AND older.lease_until IS NOT NULL
            AND older.lease_until > :now
    )
ORDER BY e.entry_id
LIMIT :limit;

-- name: lease_entry
-- Hands an entry to a worker for a while.
UPDATE hm_fhir_entries
SET lease_owner = :owner, lease_until = :until, attempts = attempts + 1
WHERE entry_id = :entry_id;

-- name: release_leases
-- Gives back all that a worker has.
UPDATE hm_fhir_entries
SET lease_owner = NULL,
    lease_until = NULL,
    attempts = CASE WHEN state = 'waiting' THEN max(attempts - :taken_back, 0) ELSE attempts END
WHERE lease_owner = :owner;

-- name: release_lease
-- Gives back one entry of a worker.
UPDATE hm_fhir_entries
SET lease_owner = NULL,
    lease_until = NULL,
    attempts = CASE WHEN state = 'waiting' THEN max(attempts - :taken_back, 0) ELSE attempts END
WHERE lease_owner = :owner AND entry_id = :entry_id;

-- name: renew_leases
-- Lengthens what a worker has. A lease that ran out is lost once a newer version took the place of the entry.
UPDATE hm_fhir_entries
SET lease_until = :until
WHERE lease_owner = :owner AND (lease_until > :now OR state = 'waiting');

-- name: leased_entries
-- What a worker has.
SELECT entry_id FROM hm_fhir_entries WHERE lease_owner = :owner AND lease_until > :now;

-- name: owners
-- Who holds leases.
SELECT DISTINCT lease_owner FROM hm_fhir_entries WHERE lease_owner IS NOT NULL ORDER BY lease_owner;

-- name: next_due
-- When the first waiting entry is free: its own time, and that of whatever holds it up (see due_entries).
SELECT min(
    max(
        coalesce(e.retry_at, e.created_at),
        coalesce(e.lease_until, ''),
        coalesce((
            SELECT max(CASE WHEN ahead.deferred = 1 THEN coalesce(ahead.lease_until, '')
                ELSE max(coalesce(ahead.lease_until, ''), coalesce(ahead.retry_at, '')) END)
            FROM hm_fhir_entries AS ahead INDEXED BY hm_fhir_entries_ahead
            WHERE ahead.target = e.target
                AND ahead.person_key = e.person_key
                AND ahead.person_key IS NOT NULL
                AND (ahead.lease_until IS NOT NULL OR ahead.retry_at IS NOT NULL)
                AND ahead.entry_id < e.entry_id
        ), ''),
        coalesce((
            SELECT max(older.lease_until)
            FROM hm_fhir_entries AS older INDEXED BY hm_fhir_entries_in_flight
            WHERE older.target = e.target
                AND older.activity_key = e.activity_key
                AND older.lease_until IS NOT NULL
        ), '')
    )
) AS ready_at
FROM hm_fhir_entries AS e INDEXED BY hm_fhir_entries_by_state
WHERE e.state = 'waiting' AND e.target = :target;

-- name: entry_to_settle
-- What is needed to decide what a settlement does.
SELECT * FROM hm_fhir_entries WHERE entry_id = :entry_id;

-- name: settle_entry
-- Writes the end of a claim.
UPDATE hm_fhir_entries
SET state = :state,
    code = :code,
    attempts = :attempts,
    retry_at = :retry_at,
    deferred = :deferred,
    lease_owner = :lease_owner,
    lease_until = :lease_until,
    settled_at = :settled_at,
    delivered_at = :delivered_at
WHERE entry_id = :entry_id;

-- name: insert_words
-- Keeps what a target said, apart from the entry.
INSERT INTO hm_fhir_words (entry_id, at, status, content) VALUES (:entry_id, :at, :status, :content);

-- name: write_ledger
-- Records what a target now has.
INSERT INTO hm_fhir_ledger
    (target, resource_key, content_digest, version_key, activity_key, shared, remote_version, withdrawn, sent_at)
VALUES
    (:target, :resource_key, :content_digest, :version_key, :activity_key, :shared, :remote_version, :withdrawn,
    :sent_at)
ON CONFLICT (target, resource_key) DO UPDATE SET
    content_digest = excluded.content_digest,
    version_key = excluded.version_key,
    activity_key = excluded.activity_key,
    shared = excluded.shared,
    remote_version = excluded.remote_version,
    withdrawn = excluded.withdrawn,
    sent_at = excluded.sent_at;

-- name: doubt_ledger
-- Nobody knows which of two contents the target has: no digest equals this one, so that the next version is sent.
UPDATE hm_fhir_ledger
SET content_digest = '', remote_version = NULL
WHERE target = :target AND resource_key = :resource_key;

-- name: send_again
-- The newest entry of an activity is due again: an older content may have come to the target after it.
UPDATE hm_fhir_entries
SET state = 'waiting', code = NULL, attempts = 0, settled_at = NULL
WHERE state IN ('delivered', 'unchanged')
    AND entry_id = (
        SELECT max(newest.entry_id)
        FROM hm_fhir_entries AS newest
        WHERE newest.activity_key = :activity_key AND newest.target = :target
    );

-- name: confirm_ledger
-- Moves a resource to another version that has the same content.
UPDATE hm_fhir_ledger
SET version_key = :version_key, activity_key = :activity_key, shared = :shared
WHERE target = :target AND resource_key = :resource_key;

-- name: release_ledger
-- Any content of another activity comes after what its own one makes no more.
UPDATE hm_fhir_ledger
SET version_key = ''
WHERE target = :target AND resource_key = :resource_key AND activity_key = :activity_key;

-- name: settled_successor
-- Whether a target has had a newer entry of the activity.
SELECT 1
FROM hm_fhir_entries
WHERE activity_key = :activity_key
    AND target = :target
    AND entry_id > :entry_id
    AND state IN ('delivered', 'unchanged')
LIMIT 1;

-- name: ledger_row
-- What a target last received for one resource.
SELECT * FROM hm_fhir_ledger WHERE target = :target AND resource_key = :resource_key;

-- name: ledger_keys
-- Every resource that a target received.
SELECT resource_key FROM hm_fhir_ledger WHERE target = :target ORDER BY resource_key;

-- name: former_payloads
-- What earlier entries of an activity held for a target, newest first, whatever became of them.
SELECT p.content, p.holds
FROM hm_fhir_entries AS e
JOIN hm_fhir_payloads AS p ON p.entry_id = e.entry_id
WHERE e.activity_key = :activity_key AND e.target = :target AND e.entry_id < :before
ORDER BY e.entry_id DESC;

-- name: holds_of_entry
-- The keys in the payload of an entry.
SELECT holds FROM hm_fhir_payloads WHERE entry_id = :entry_id;

-- name: write_producer
-- Remembers that an activity makes a resource that another one makes too.
INSERT INTO hm_fhir_producers (target, resource_key, activity_key)
VALUES (:target, :resource_key, :activity_key)
ON CONFLICT DO NOTHING;

-- name: other_producers
-- The newest entries of the other activities that made a resource, the newest version of an activity first.
SELECT e.*, p.content, p.holds, p.needs
FROM (
    SELECT activity_key FROM hm_fhir_producers WHERE target = :target AND resource_key = :resource_key
    UNION
    SELECT activity_key FROM hm_fhir_ledger WHERE target = :target AND resource_key = :resource_key
) AS made
JOIN hm_fhir_entries AS e ON e.entry_id = (
    SELECT max(newest.entry_id)
    FROM hm_fhir_entries AS newest
    WHERE newest.activity_key = made.activity_key AND newest.target = :target
)
JOIN hm_fhir_payloads AS p ON p.entry_id = e.entry_id
WHERE made.activity_key <> :activity_key
ORDER BY e.version_key DESC, e.entry_id DESC;

-- name: insert_missing
-- Records that a deferred entry waits for a resource.
INSERT INTO hm_fhir_missing (entry_id, target, resource_key) VALUES (:entry_id, :target, :resource_key)
ON CONFLICT DO NOTHING;

-- name: forget_missing
-- The entry no longer waits for anything.
DELETE FROM hm_fhir_missing WHERE entry_id = :entry_id;

-- name: missing_of_entry
-- What a deferred entry waits for.
SELECT resource_key FROM hm_fhir_missing WHERE entry_id = :entry_id ORDER BY resource_key;

-- name: entries_missing_resource
-- Who waits for a resource.
SELECT entry_id FROM hm_fhir_missing WHERE target = :target AND resource_key = :resource_key;

-- name: forget_missing_resource
-- The target has the resource now.
DELETE FROM hm_fhir_missing WHERE target = :target AND resource_key = :resource_key;

-- name: wake_entry
-- A deferred entry is due as soon as nothing is missing.
UPDATE hm_fhir_entries
SET retry_at = NULL, deferred = 0
WHERE entry_id = :entry_id
    AND state = 'waiting'
    AND deferred = 1
    AND NOT EXISTS (SELECT 1 FROM hm_fhir_missing AS m WHERE m.entry_id = hm_fhir_entries.entry_id);
