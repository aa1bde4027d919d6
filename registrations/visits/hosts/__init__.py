"""The host's people: contacts who sign in by a mailed link, their pages, vetoes, and people they approve.

Start with `permissions.py` (the session of a contact, separate from the club's accounts) and
`replacements.py`.
"""
