"""Mappings looked at from outside: which branches cases reach, what made an element, what a change changes."""
