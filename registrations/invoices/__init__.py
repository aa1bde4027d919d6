"""Receivables, invoices, credit notes, payments, refunds and the accounting made of them.
Start with `models/receivables.py` and `ledger/charges.py` (amounts owed), then `documents/issuing.py` and
`documents/numbering.py` (invoices), `accounting/` (VAT, FEC) and `views/`.
It may import `convention` and the PDF helpers of `schedule.paper`; it knows nothing of orders and tickets:
their packages call `ledger.charges` and register hooks (`convention.hooks`).
"""
