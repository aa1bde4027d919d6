"""Members' applications for a visit.

Start with `apply.py` (a place, a waiting entry or a refusal), then `eligibility.py` (who may come) and
`state.py` (the state of an application, derived and never stored). `visit_rules.py` plugs these rules into
waiting lists and bookings of registrations.
"""
