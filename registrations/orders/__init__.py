"""Pages behind an order's link: the order, its sessions, quotations, calendar file and e-mail verification.

Start with `views.py` (the order page) and `registrations/permissions.py` (what a link opens). `deliveries.py`
sends the order's mails at least once. May import `booking`, `billing`, `changes`, `sessions`,
`waiting_list` and `invoices`, never `company`, `sponsors`, `payments` or `visits`.
"""
