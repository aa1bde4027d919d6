"""Personal agendas, which visitors keep without an account behind a secret link.

Begin with actions.py. Imports `programme` and the writers of `exchange`.
"""
