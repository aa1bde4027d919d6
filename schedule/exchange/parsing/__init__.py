"""Parse and clean parts of schedule files, for all readers.

Start with decode_file.py and clean_values.py. Imports import_notes.py,
parsed_programme.py and programme/days.py, no models.
"""
