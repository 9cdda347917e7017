-- name: binding
-- The deployment that the store belongs to.
SELECT key_id, fingerprint FROM hm_fhir_binding;

-- name: write_binding
-- Binds the store to a deployment; a key may get another name.
INSERT INTO hm_fhir_binding (id, key_id, fingerprint, bound_at) VALUES (1, :key_id, :fingerprint, :now)
ON CONFLICT (id) DO UPDATE SET key_id = excluded.key_id;

-- name: tallies
-- How many entries were ever routed to each target.
SELECT target, count FROM hm_fhir_tallies WHERE name = 'routed' ORDER BY target;

-- name: states
-- How many entries of each target are in each state.
SELECT target, state, count(*) AS number FROM hm_fhir_entries GROUP BY state, target;

-- name: codes
-- Why entries are withheld or parked, or still wait.
SELECT target, state, code, count(*) AS number
FROM hm_fhir_entries
WHERE state IN ('withheld', 'parked', 'waiting') AND code IS NOT NULL
GROUP BY state, target, code
ORDER BY code;

-- name: list_entries
-- Entries in order, of one target or of all.
SELECT *
FROM hm_fhir_entries
WHERE entry_id > :after AND (:target IS NULL OR target = :target)
ORDER BY entry_id
LIMIT :limit;

-- name: list_entries_in_state
-- Entries of one state in order, of one target or of all.
SELECT *
FROM hm_fhir_entries
WHERE state = :state AND entry_id > :after AND (:target IS NULL OR target = :target)
ORDER BY entry_id
LIMIT :limit;

-- name: show_entry
-- One entry with its payload.
SELECT e.*, p.content, p.holds, p.needs
FROM hm_fhir_entries AS e
JOIN hm_fhir_payloads AS p ON p.entry_id = e.entry_id
WHERE e.entry_id = :entry_id;

-- name: words_of_entry
-- What the target said about an entry, oldest first.
SELECT at, status, content FROM hm_fhir_words WHERE entry_id = :entry_id ORDER BY word_id;

-- name: entries_to_retry
-- Parked or scheduled entries that nobody is sending.
SELECT entry_id
FROM hm_fhir_entries
WHERE state = :state
    AND (:target IS NULL OR target = :target)
    AND (:code IS NULL OR code = :code)
    AND (lease_until IS NULL OR lease_until <= :now);

-- name: entry_to_retry
-- The same for one entry.
SELECT entry_id
FROM hm_fhir_entries
WHERE entry_id = :entry_id
    AND state = :state
    AND (:target IS NULL OR target = :target)
    AND (:code IS NULL OR code = :code)
    AND (lease_until IS NULL OR lease_until <= :now);

-- name: retry_entry
-- Makes an entry due now, as if it had never been tried.
UPDATE hm_fhir_entries
SET state = 'waiting',
    code = NULL,
    attempts = 0,
    retry_at = NULL,
    deferred = 0,
    lease_owner = NULL,
    lease_until = NULL,
    settled_at = NULL
WHERE entry_id = :entry_id;

-- name: rejected_records
-- Rejected records, the longest known first, of one source or of all.
SELECT *
FROM hm_fhir_rejected
WHERE (:source IS NULL OR source = :source)
ORDER BY first_at, source, record_digest
LIMIT :limit;

-- name: rejected_to_replay
-- The same, of each activity of a document only what was read last.
SELECT *
FROM hm_fhir_rejected AS r
WHERE (:source IS NULL OR source = :source) AND NOT EXISTS (
    SELECT 1 FROM hm_fhir_rejected AS later
    WHERE later.source = r.source AND later.activity_key = r.activity_key AND later.document IS r.document
        AND later.last_at > r.last_at
)
ORDER BY first_at, source, record_digest
LIMIT :limit;

-- name: forget_rejected
-- Drops kept records that were last read before a time.
DELETE FROM hm_fhir_rejected WHERE (:source IS NULL OR source = :source) AND last_at < :before;

-- name: rejected_counts
-- How many records of each source are rejected, by reason.
SELECT source, code, count(*) AS number FROM hm_fhir_rejected GROUP BY source, code ORDER BY source, code;
