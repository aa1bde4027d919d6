"""Sign-in sheets: printed for a checkpoint and day, signed by hand, and entered as scans of the desk.

Start with `sheet.py`. May import the rest of `badges.attendance`.
"""
