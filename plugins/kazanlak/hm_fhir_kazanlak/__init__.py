"""Kazanlak: the DHIS2 tracker of its health mediators for syphilis, mothers and newborns."""
