"""Waiting lists for tickets and sessions: who is next, offers, expiry and mails.

Start with `policy.py` (the rules, without database), `offers.py` (how a free place becomes an offer) and
`end_waiting.py` (an offer expires or is declined, somebody leaves). Joining and accepting are in
`booking`. May import the models, `shared_quotas`, `application_rules` and `permissions`; `inventory` calls
it.
"""
