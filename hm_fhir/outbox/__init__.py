"""Durable rows between intake and delivery. Knows neither FHIR nor HTTP."""
