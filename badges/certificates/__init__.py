"""Certificates of attendance for events and sessions, drawn from scans and verifiable by a code.

Start with `facts.py`, which computes what a certificate says from the scans, then `issue.py`, which stores
it under a code. `draw.py` makes the PDF. May import `badges.attendance` and lower layers.
"""
