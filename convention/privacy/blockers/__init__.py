"""Ask the organizers of an event to settle what blocks an erasure, and show what requests wait for.

Start with `organizer_requests.py` (the action), then `mails.py` (the e-mail to the organizers) and
`progress.py` (the list of requests). `views.py` confirms the e-mail before it is sent.
"""
