"""Working timetables of an event, changed by moves that can be undone.

Start with moves.py: every change of a slot goes through `make_moves`, which writes the draft's journal.
Nothing here is public; `versions/` publishes a draft.
"""
