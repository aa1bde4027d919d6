"""Site visits: applications, confidentiality, identities for the host's security, rides, debriefs, proposals.

Start with `models/` and `applications/apply.py`; the life of a visit is in `lifecycle/`, the list for the
host in `visitor_list/`, pages for hosts without an account in `hosts/`. May import convention, schedule and
the rest of registrations; `badges` builds on it.
"""
