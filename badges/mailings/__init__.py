"""Mailings: mail to selected attendees of an event, and reminders before it.

Start with models.py, then composing/drafts.py, sending/launch.py and sending/run.py. May import
`badges.attendance` (to select by presence), `badges.confirmations` (the mail limit) and lower layers.
"""
