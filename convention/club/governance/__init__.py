"""What the club decides for itself: roles of the club, working groups with their mandates, membership plans.

Start with `club_roles.py`; pages are in `views.py`. Builds on the people and companies of `convention.club`.
"""
