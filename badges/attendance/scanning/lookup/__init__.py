"""Find attendees without their badge's code: by a typed short code; and describe them for a device.

Start with `short_codes.py`. May import the modules of `scanning` that do not decide on scans.
"""
