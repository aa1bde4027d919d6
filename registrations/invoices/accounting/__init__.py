"""Accounting derived from stored rows: VAT report, journal entries, FEC export and day books.

Start with `journal_entries.py` and `vat_report.py`. Only `close_period.py` writes to the database: it
stores the entries and the VAT of a closed period.
"""
