"""Plan an event: from its draft to a proposal, by the planner.

Start with runs.py. timetable_instance.py translates a draft into the planner's plain data and back. Imports
`conflicts`, `drafts`, `editing` and `planner`; only the worker and the command `plan` load plan_event.py.
"""
