"""Import and export programmes: frab and Pentabarf XML, frab JSON, iCalendar, Sessionize, CSV, XLSX.

Start with parsed_programme.py, the plain data between files and the database; then read_schedule.py
(reading), importing/import_schedule.py (writing into an event) and export_schedule.py. `parsing` and
`readers` need no database. Imports `drafts`, `conflicts`, `versions`, `programme` and `editing`.
"""
