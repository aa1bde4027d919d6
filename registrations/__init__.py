"""Registrations: tickets, orders, waiting lists, payments, invoices, sponsors and site visits.

Start with `models` and `booking/place_order.py`. At the root are the API, the permissions, what an order is
made from (`order_request.py`, `order_context.py`), and what becomes of personal data (`privacy.py`,
`erasure.py`, `retention.py`). May import `convention` and `schedule`; `badges` imports it.
"""
