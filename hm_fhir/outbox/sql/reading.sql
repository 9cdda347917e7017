-- name: reading_of_source
-- Where reading of a source goes on.
SELECT cursor, made_with, scan, read_at FROM hm_fhir_sources WHERE source = :source;

-- name: begin_reading
-- Counts a reading; a cursor that was made with something else does not hold any more.
INSERT INTO hm_fhir_sources (source, cursor, made_with, scan, read_at)
VALUES (:source, NULL, :made_with, 1, :now)
ON CONFLICT (source) DO UPDATE SET
    cursor = CASE WHEN made_with = excluded.made_with THEN cursor END,
    made_with = excluded.made_with,
    scan = scan + 1,
    read_at = excluded.read_at;

-- name: keep_cursor
-- Remembers up to where a source was read.
UPDATE hm_fhir_sources SET cursor = :cursor WHERE source = :source;

-- name: remember_origin
-- Remembers from which document an activity came, and in which reading.
INSERT INTO hm_fhir_origins (source, activity_key, document_key, scan)
VALUES (:source, :activity_key, :document_key, :scan)
ON CONFLICT (source, activity_key) DO UPDATE SET document_key = excluded.document_key, scan = excluded.scan
WHERE document_key <> excluded.document_key OR scan <> excluded.scan;

-- name: activities_of_document
-- The activities that came from a document.
SELECT activity_key FROM hm_fhir_origins
WHERE source = :source AND document_key = :document_key
ORDER BY activity_key;

-- name: activities_not_seen
-- The activities of a source that a complete reading did not meet.
SELECT activity_key FROM hm_fhir_origins WHERE source = :source AND scan < :scan ORDER BY activity_key;

-- name: origins_of_source
-- How many activities came from a source.
SELECT count(*) AS number FROM hm_fhir_origins WHERE source = :source;

-- name: forget_origin
-- Forgets that an activity came from a source.
DELETE FROM hm_fhir_origins WHERE source = :source AND activity_key = :activity_key;

-- name: other_origin
-- Whether another source still has an activity.
SELECT 1 FROM hm_fhir_origins WHERE activity_key = :activity_key LIMIT 1;
