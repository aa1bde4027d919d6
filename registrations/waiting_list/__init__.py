"""Waiting lists for tickets and sessions: who is next, offers, expiry and mails.

Start with `policy.py` (the rules, without database) and `offers.py` (how a free place becomes an offer).
Joining and accepting are in `booking`. May import `inventory`, `models` and `schedule.models`.
"""
