"""The board on which organizers build a timetable: rooms by time, for several editors at once.

Start with board_data.py, which describes a draft as JSON, and json_views.py, which the scripts in
static/schedule/board/ call. day_parts.py changes many sessions at once. Imports `conflicts`, `drafts`,
`editing`, `programme`, `speakers` and `exchange.parsing`.
"""
