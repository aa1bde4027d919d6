"""Public pages: an event's page, registering in three screens, and waiting for a ticket.

Start with `views.py` and `review_views.py`; what was typed is stored in drafts (`drafts.py`). The company
area shares drafts, forms and `choice_offer.py`; other packages import nothing but pages.
"""
