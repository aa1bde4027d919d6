"""Merge two records of one person in the directory.

Start with `merge_people.py`; `compare.py` describes both records for the page in `views.py`, and
`obstacles.py` decides whether they may be merged. `accept_claim.py` merges the record that a company's
contact added for somebody whom the club knew already. Higher apps take part through
`convention/hooks.py`, and with `merge_rows` in their `privacy.py`.
"""
