-- What each source said last of an activity: where no time of change tells which of two records is newer, they must agree.

-- digest of the content; empty where times of change decide
ALTER TABLE hm_fhir_origins ADD COLUMN said TEXT NOT NULL DEFAULT '';
-- the reading that said so; negative: it holds until the source says otherwise
ALTER TABLE hm_fhir_origins ADD COLUMN said_in INTEGER NOT NULL DEFAULT 0;

-- the last reading that came to its end
ALTER TABLE hm_fhir_sources ADD COLUMN complete INTEGER NOT NULL DEFAULT 0;
