"""Quotations: prices offered until a day, to buyers who ask or by staff. Nothing is booked or held.

Start with `create.py`; `send.py` e-mails a quotation, `withdraw.py` ends it, `states.py` says in lists what
became of it. The stored documents are those of `invoices`. May import what `orders` may.
"""
