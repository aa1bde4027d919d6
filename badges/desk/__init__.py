"""The desk on the day: find guests, check them in, correct, take payments, print badges, register walk-ins.

Start with search.py and views/search.py; check_in.py, badge_prints.py, notes.py and payments.py are what the
desk does for a guest. May import all of badges but reports.
"""
