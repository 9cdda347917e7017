"""Validation as a deployment wants it: severities, findings of mapped resources, lines of mappings."""
