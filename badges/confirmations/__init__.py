"""Mails of an order: verification, confirmation with badges, correction, cancellation, changed holders.

Start with send.py, which decides what is due; the other modules write the mails. Which mails were accepted is
recorded by `registrations.orders.deliveries`.
"""
