"""Compose a mailing: draft, recipients, placeholders and letters.

Start with drafts.py, segments.py (who is selected) and letters.py (what each gets). Sends nothing.
"""
