"""Compose a mailing: draft, recipients, placeholders and texts.

Start with drafts.py, segments.py (who is selected) and mailing_writer.py (what each gets). Sends nothing.
"""
