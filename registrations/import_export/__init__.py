"""Import registrations from a spreadsheet, preview the result, and undo an import.

Start with `import_registrations.py`; `columns.py` and `rows.py` read the file without database access,
`save_import.py` writes, `undo_import.py` restores. May import `booking`, `billing`, `changes`, `inventory`,
`pricing` and `questions`.
"""
