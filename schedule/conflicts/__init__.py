"""Conflicts of a timetable: what is in its way, who is affected, what a move would cost or repair.

Start with timetable.py (the plain data) and find.py; load.py reads a draft or what is published. rules.py has
each rule once: find.py, placements.py and suggest_fix.py call it. Imports models, `drafts` and
`programme.days`.
"""
