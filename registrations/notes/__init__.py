"""The note about an attendee for organizers, the desk and scanners.

One for each registration: start with `staff_notes.py`. May import the models of registrations.
"""
