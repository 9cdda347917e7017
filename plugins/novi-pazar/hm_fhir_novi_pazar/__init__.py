"""Novi pazar: the day sheets of its health mediators in ODK Central."""
