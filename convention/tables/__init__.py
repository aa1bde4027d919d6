"""Read and write lists as files (.csv, .xlsx, .xls, .ods), and import them.

Start with `files.py` (read, write) and `upload_form.py`. Imports no app.
"""
