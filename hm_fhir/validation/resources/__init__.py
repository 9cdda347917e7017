"""Rules of single types of resources that no invariant of R4 states."""
