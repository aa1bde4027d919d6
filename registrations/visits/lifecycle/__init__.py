"""The life of a visit: created as a draft, agreed with the host, published, closed, cancelled; reminders.

Start with `steps.py`, then `create.py` and `cancel.py`; `event_hooks.py` guards changes of the event itself.
"""
