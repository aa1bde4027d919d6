"""The scanner: a web app that scans badges, offline too. It has no tables.

Begin with shell.py (page and service worker) and static/scanner/app.js. judge.js decides on the phone by the
rules of `badges.attendance.scanning.verdict`.
"""
