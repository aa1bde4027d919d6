"""Accounting derived from stored rows: VAT report, journal entries, FEC export and day books.

Start with `journal_entries.py` and `vat_report.py`. Nothing here writes to the database.
"""
