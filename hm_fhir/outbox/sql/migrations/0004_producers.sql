-- Activities that make one resource together, such as the plan of a case; none of them may withdraw it alone.

CREATE TABLE hm_fhir_producers (
    target TEXT NOT NULL,
    resource_key TEXT NOT NULL,
    activity_key TEXT NOT NULL,
    PRIMARY KEY (target, resource_key, activity_key)
) WITHOUT ROWID;
