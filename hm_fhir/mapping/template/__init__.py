"""The template language (FPML): text of a mapping file -> tree -> closures, and what they leave of data."""
