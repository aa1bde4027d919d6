"""The list of visitors for the host's security: locking, versions, sending, files, acknowledgement.

Start with `lock.py` (from then on the visitors are final), then `create.py` (a version of the list),
`contents.py` (hash and encryption) and `send.py`.
"""
