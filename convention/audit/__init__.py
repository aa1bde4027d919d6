"""The audit trail: who changed what, when and why; names of fields, never their values.

Start with `record.py`. Every package may import it; it imports club and the tools of `convention`.
"""
