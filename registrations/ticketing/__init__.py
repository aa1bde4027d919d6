"""Organizers' editing of what is sold: tickets, add-ons, quotas and vouchers.

Start with `tickets.py`; pages are in `views.py`. May import the models, `inventory` and
`waiting_list.offers`.
"""
