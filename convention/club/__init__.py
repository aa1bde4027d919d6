"""The club's directory: companies, people, employments, memberships with seats, working groups.

Start with `models/people.py` and `models/memberships.py`, then `seats.py` and `permissions.py`. Every other
app builds on this package, which may import only the modules of `convention` beneath it (`audit`, `db`,
`mail`, `text`, `web`, `tables`); higher apps register hooks.
"""
