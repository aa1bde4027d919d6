"""Personal agendas, which visitors have without an account, behind a secret link.

Start with actions.py. Imports `programme`, `paper`, `versions` and the writers of `exchange`.
"""
