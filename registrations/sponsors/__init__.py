"""Sponsors and exhibitors: packages, sponsorships with their places, and logos.

Start with `sponsorships.py` (taking and cancelling a package). May import `booking`, `billing`, `changes`,
`orders`, `pricing`, `storefront` and `ticketing`; only URL configurations and seeding import this package.
"""
