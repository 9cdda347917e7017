-- name: reading_of_source
-- Where reading of a source goes on.
SELECT cursor, made_with, scan, read_at, tables, complete FROM hm_fhir_sources WHERE source = :source;

-- name: begin_reading
-- Counts a reading; a cursor that was made with something else does not hold any more.
INSERT INTO hm_fhir_sources (source, cursor, made_with, scan, read_at, tables)
VALUES (:source, NULL, :made_with, 1, :now, '[]')
ON CONFLICT (source) DO UPDATE SET
    cursor = CASE WHEN made_with = excluded.made_with THEN cursor END,
    made_with = excluded.made_with,
    scan = scan + 1,
    read_at = excluded.read_at;

-- name: keep_cursor
-- Remembers up to where a source was read.
UPDATE hm_fhir_sources SET cursor = :cursor WHERE source = :source;

-- name: read_again
-- Makes the next reading begin at the beginning, and ends the one that is going on.
UPDATE hm_fhir_sources SET cursor = NULL, scan = scan + 1, tables = '[]' WHERE source = :source;

-- name: complete_reading
-- Remembers that a reading came to its end.
UPDATE hm_fhir_sources SET complete = :scan WHERE source = :source;

-- name: count_readings
-- How many readings of all sources began.
SELECT coalesce(sum(scan), 0) AS number FROM hm_fhir_sources;

-- name: keep_tables
-- Remembers which tables a complete reading met.
UPDATE hm_fhir_sources SET tables = :tables WHERE source = :source;

-- name: remember_origin
-- Remembers from which document an activity came, and in which reading it was met last.
INSERT INTO hm_fhir_origins (source, activity_key, document_key, scan, said, said_in)
VALUES (:source, :activity_key, :document_key, :scan, :said, :said_in)
ON CONFLICT (source, activity_key) DO UPDATE SET
    document_key = excluded.document_key,
    scan = max(scan, excluded.scan),
    said = excluded.said,
    said_in = excluded.said_in
WHERE document_key <> excluded.document_key OR scan < excluded.scan OR said <> excluded.said
    OR said_in <> excluded.said_in;

-- name: remember_refused_origin
-- Remembers in which reading a record was met that was rejected: it moves no activity from one document to another.
INSERT INTO hm_fhir_origins (source, activity_key, document_key, scan)
VALUES (:source, :activity_key, :document_key, :scan)
ON CONFLICT (source, activity_key) DO UPDATE SET scan = excluded.scan WHERE scan < excluded.scan;

-- name: activities_of_document
-- The activities that came from a document.
SELECT activity_key FROM hm_fhir_origins
WHERE source = :source AND document_key = :document_key
ORDER BY activity_key;

-- name: activities_not_seen
-- The activities of a source that a complete reading did not meet.
SELECT activity_key, document_key FROM hm_fhir_origins
WHERE source = :source AND scan < :scan
ORDER BY activity_key;

-- name: parts_not_seen
-- Those of them whose document it met.
SELECT activity_key, document_key FROM hm_fhir_origins AS o
WHERE source = :source AND scan < :scan AND EXISTS (
    SELECT 1 FROM hm_fhir_origins AS met
    WHERE met.source = o.source AND met.document_key = o.document_key AND met.scan = :scan
)
ORDER BY activity_key;

-- name: origins_of_source
-- How many activities came from a source.
SELECT count(*) AS number FROM hm_fhir_origins WHERE source = :source;

-- name: forget_origin
-- Forgets that an activity came from a source.
DELETE FROM hm_fhir_origins WHERE source = :source AND activity_key = :activity_key;

-- name: origins_of_activity
-- Which sources have an activity, and what each said of it.
SELECT source, document_key, scan, said, said_in FROM hm_fhir_origins WHERE activity_key = :activity_key;

-- name: rejected_of_document
-- What was rejected of a document.
SELECT record_digest FROM hm_fhir_rejected WHERE source = :source AND document = :document;
