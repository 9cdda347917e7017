"""Dimitrovgrad: the reports of its health mediators in the Community Health Toolkit."""
