"""Readers: one module for each format. Imports `parsing`, import_notes.py and
parsed_programme.py only, no models.
"""
