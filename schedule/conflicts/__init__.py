"""Conflicts of a timetable: find and describe them, and compute what a move would cost or solve.

Start with timetable.py (the plain data) and find.py; load.py reads a draft or what is published. rules.py has
each rule once: find.py, placements.py and suggest_fix.py call it. Imports models, `drafts` and
`programme.days`; the pages in views.py also import `editing`, `programme` and `speakers`.
"""
