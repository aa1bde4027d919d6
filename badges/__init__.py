"""Badges: codes, printing, order mails, attendance, scanner, mailings and organizers' reports.

Start with codes.py (what a badge's QR says) and attendance/scanning/verdict.py (what a scan means). This is
the highest layer: it may import `convention`, `schedule` and `registrations`; none of them imports it.
"""
