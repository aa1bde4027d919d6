"""Public pages: an event's page, registering in three screens, and waiting for a ticket.

Start with `views.py` and `review_views.py`; what was typed is stored in drafts (`drafts.py`). Nothing else
but `urls.py` and other public pages imports it.
"""
