"""Published versions of a programme: publish a draft, compare versions, notify.

Start with publish.py, the only code that writes `Session.PUBLISHED_FIELDS`; differences.py is pure. Imports
models, `drafts` and `editing.revision`.
"""
