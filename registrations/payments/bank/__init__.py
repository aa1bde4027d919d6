"""Bank statements: reading CAMT.053 and CSV files, matching lines to what is owed, and the treasurer's pages.
Start with `import_statement.py`; `matching.py` decides without touching the database, `assignments.py`
records.
"""
