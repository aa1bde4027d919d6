"""Changes to existing registrations: correct, substitute, cancel, merge, replace links.

Start with `cancel.py` and `correct.py`; every function that changes something locks the order before its
registrations. Views of attendees' pages are beside the actions, organizers' pages are in `organizer`. May
import `billing`, `booking`, `inventory`, `sessions` and `invoices`.
"""
