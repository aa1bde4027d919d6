"""The scanner: a web app that scans badges, offline too. It has no tables.

Start with shell.py (page and service worker) and static/scanner/app.js, which pairs a phone and loads
scanning.js. record_scan.js decides on the phone by the rules of `badges.attendance.scanning.verdict`;
types/scanner.d.ts has the shapes of the data.
"""
