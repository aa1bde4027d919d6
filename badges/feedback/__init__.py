"""Feedback on sessions: stars and comments of attendees whose badge was scanned at the session.

Start with `models.py`, which says how answers stay anonymous, then `answers.py`. `summaries.py` is what
organizers and speakers see. May import `badges.attendance` and lower layers.
"""
