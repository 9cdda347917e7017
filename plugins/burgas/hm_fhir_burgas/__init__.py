"""Burgas: the register of its health mediators in PostgreSQL."""
