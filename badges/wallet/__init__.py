"""Badges for Apple Wallet and Google Wallet, if the club's certificates are configured.

One module for each. Imports `badges.codes` and the convention's settings.
"""
