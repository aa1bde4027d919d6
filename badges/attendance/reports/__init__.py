"""Counts and exports of an event's attendance.

Start with headcount.py, on which the pages and the files (export.py, pdf.py) are built. Reads presences only.
"""
