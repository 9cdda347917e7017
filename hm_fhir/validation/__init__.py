"""Checks resources against FHIR R4 and profiles: definitions compiled once, then a few microseconds a resource."""
