"""Writes a new plugin from templates: common files, and a few lines for each kind of local system."""
