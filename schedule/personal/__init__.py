"""Personal agendas, which visitors have without an account, behind a secret link.

Begin with actions.py. Imports `programme` and the writers of `exchange`.
"""
