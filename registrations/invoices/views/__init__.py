"""Pages of the treasurer: receivables, actions on one of them, and accounting.
Views load objects through `registrations.invoices.permissions` and call `ledger`, `documents` and
`accounting`.
"""
