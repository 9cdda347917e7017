"""Dupnitsa: the form of its health mediators in KoboToolbox."""
