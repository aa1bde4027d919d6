"""An order's money: what it owes (receivables), refund rules, and settling cancellations.

Start with `receivables.py`, which turns an order into charges of the invoice ledger. `refund_terms.py`
decides refunds without database access. May import `invoices` and `models`.
"""
