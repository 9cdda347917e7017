"""The domain core: what a mediator did, as data. No I/O, no FHIR."""
