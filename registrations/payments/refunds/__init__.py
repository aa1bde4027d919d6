"""Refunds that the treasurer makes at the bank: the list, the file for the bank, and several marked as done.
Start with `refund_transfers.py`; `credit_transfers.py` writes the SEPA file and knows no model.
It may import `registrations.invoices` and `bank/payer_account.py`.
"""
