"""Mappings: YAML files that say which FHIR resources an activity becomes."""
