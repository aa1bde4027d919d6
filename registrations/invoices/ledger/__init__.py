"""Amounts owed, paid and refunded for a receivable, and the balance computed from them.

Start with `charges.py`, then `payments.py` and `refunds.py`. Every function that changes money locks the
receivable first (`charges.lock_receivable`).
"""
