"""The board on which organizers build a timetable: rooms by time, for several editors at once.

Start with board.py, which describes a draft as JSON, and api_views.py, whose endpoints the scripts in
static/schedule/board/ call. commands.py changes many sessions at once. Imports `drafts`, `editing` and
`programme`.
"""
