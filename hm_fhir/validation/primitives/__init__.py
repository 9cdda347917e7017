"""Primitive values: JSON kind, format, calendar, and the XHTML of a narrative."""
