"""Booking: place orders, hold and confirm their places, verify addresses, accept offers.

Start with `place_order.py`; `confirm.py` and `verification.py` continue an order that is pending. May import
the models, `pricing`, `inventory`, `fast_path`, `questions` and `billing`; pages and endpoints call it.
"""
