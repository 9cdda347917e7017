"""Plugin of hm-fhir for the municipality of Burgas."""
