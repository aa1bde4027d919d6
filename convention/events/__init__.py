"""Events of three kinds, their venues and rooms, who runs them, and the keys that sign their badges.

Start with `models.py` and `permissions.py`; `delegations.py` lets an outside firm run an event. Tickets and
registrations are built on this package, in `registrations`. May import `convention.club`, never
`registrations`, `badges` or `schedule`: they register hooks instead.
"""
