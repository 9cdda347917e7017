"""Workbooks of offices: sheets, cells, headings, and the rows between them that are no records."""
