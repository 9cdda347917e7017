"""The files of a pack: YAML as it is meant, with places; what each may hold; its JSON Schemas for editors."""
