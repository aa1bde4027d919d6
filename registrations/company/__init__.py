"""The company area: a company's contact gives seats and registers colleagues in one order.

Start with `booking.py` and `bulk_order.py`; `overview.py` loads what the pages show. May import every
other package of `registrations` but `sponsors`, `payments` and `visits`, and `convention.club`.
"""
