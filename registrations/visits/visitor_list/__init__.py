"""The list of visitors for the host's security: locking, versions, sending, files, acknowledgement.

Start with `create.py`, then `contents.py` (hash and encryption) and `send.py`.
"""
