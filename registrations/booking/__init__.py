"""Booking: place orders, hold and confirm their places, verify addresses, accept offers.

Start with `place_order.py`, which ends in `save_order.py` (`fast_order.py` for the usual order of a rush);
`confirm.py` and `verification.py` continue an order that is pending. May import the models, the modules at
the root of `registrations`, `pricing`, `questions`, `inventory`, `billing`, `sessions` and `waiting_list`;
pages, endpoints and the packages above call it.
"""
