"""Receivables, invoices, credit notes, payments, refunds and the accounting derived from them.

Start with `models/receivables.py` and `ledger/charges.py` (amounts owed), then `documents/issuing.py` and
`documents/numbering.py` (invoices), `accounting/` (VAT, FEC) and `views/`.
It may import `convention` and the PDF helpers of `schedule.paper`, but not orders and tickets, whose packages
call `ledger.charges` and register hooks (`convention.hooks`).
"""
