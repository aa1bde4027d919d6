"""Readers: one module for each format. Imports `parsing` and parsed_programme.py only, no models."""
