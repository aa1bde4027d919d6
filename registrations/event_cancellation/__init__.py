"""Cancel the registrations and the waiting list of an event that was cancelled.

Start with `follow.py`, which is called when an event was cancelled; `effects.py` describes it before. May
import everything but sponsors, payments, the company desk and visits.
"""
