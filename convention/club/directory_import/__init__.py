"""Import a list of companies and people, as a whole or not at all, and undo an import.

Start with `import_directory.py`; `rows.py` parses, `directory_index.py` finds known records, `changes.py`
writes, `undo.py` takes an import back. Builds on `convention.tables`, which reads the files.
"""
