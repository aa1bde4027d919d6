"""Before a date is set: proposals, interest, the season calendar, and companies' history of visits.

Start with `proposals.py` and `plan_visit.py`, which turns a proposal into a draft visit.
"""
