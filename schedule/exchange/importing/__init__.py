"""Write a parsed programme into an event.

Start with import_schedule.py; match_sessions.py finds known sessions, differences.py what changed.
"""
