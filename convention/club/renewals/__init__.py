"""Several memberships at once, from the list of companies: prepare the next ones, confirm or delete drafts.

Start with `prepare.py`. Each company is changed by the same action as on its own page, in a transaction of
its own, so that a refusal stops no other. Imports `memberships`, `seats` and the models of the club.
"""
