"""Payments by card (Stripe) and by bank transfer, and the orders they confirm.
Start with `cards/settlement.py` (a payment arrives for an order) and `cards/gateway.py` (the only module that
calls Stripe), then `bank/import_statement.py` and `bank/matching.py`.
The amounts are recorded in `registrations.invoices`. This package may import `registrations` and
`registrations.invoices`; they call it only through hooks.
"""
