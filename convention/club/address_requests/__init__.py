"""Ask the administrators to change an address that the secretary may not change.

Start with `requests.py`. Builds on the people and permissions of `convention.club`.
"""
