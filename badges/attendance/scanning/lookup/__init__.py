"""Find attendees without their badge's code: by the short code that was typed; what a device shows of them.

Start with `short_codes.py`. May import the modules of `scanning` that decide nothing.
"""
