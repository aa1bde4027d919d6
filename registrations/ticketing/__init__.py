"""Administration of tickets, add-ons, quotas and vouchers by organizers.

Start with `tickets.py`; pages are in `views.py`. May import the models, `inventory` and
`waiting_list.offers`.
"""
