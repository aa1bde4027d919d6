"""Organizers' actions and pages of a programme.

Start with sessions.py and revision.py: every action raises the programme's revision. Imports
`drafts`, `conflicts`, `versions`, `programme` and `exchange.parsing`.
"""
