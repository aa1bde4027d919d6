"""Redact a person's names and addresses in text that other people wrote.

Start with `redactor.py` (the patterns), then `redact_rows.py` (which rows) and `mentions.py` (what remains
for the desk to change by hand). Used by `convention.privacy.erase` alone.
"""
