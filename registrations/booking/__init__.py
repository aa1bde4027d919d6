"""Booking: place orders, hold and confirm their places, verify addresses, accept offers.

Start with `place_order.py`, which ends in `save_order.py` (`fast_order.py` for the usual order of a rush);
`confirm.py` and `verification.py` continue an order that is pending. May import the models, `pricing`,
`inventory`, `questions` and `billing`; pages and endpoints call it.
"""
