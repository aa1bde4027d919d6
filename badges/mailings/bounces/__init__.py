"""Bounced addresses, recorded by hand or from delivery reports.

Start with bounced_addresses.py; delivery_reports.py parses the reports and needs no database.
"""
