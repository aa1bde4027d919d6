"""Roles of the club, working groups with their mandates, and membership plans: how the club is organized.

Start with `club_roles.py`; pages are in `views.py`. Builds on the people and companies of `convention.club`.
"""
