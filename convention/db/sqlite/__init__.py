"""Database backend for SQLite: writers wait in a queue instead of polling."""
