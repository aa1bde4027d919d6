"""The day of a site visit: roster, evacuation list, coach manifests, certificates and checkpoints.

Start with `roster.py` (what is known of each visitor) and `whereabouts.py` (the decision). Uses
badges.attendance for scans and registrations.visits for visits; nothing below may import this package.
"""
