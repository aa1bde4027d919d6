"""Identity data of visitors for the host's security: encrypted, readable by few, deleted after a week.

Start with `identities.py` (saving), then `fields.py` (what is requested and when) and `purge.py` (deletion).
"""
