"""Sign-in and account security, on top of django-allauth: passkeys, codes, second factors, sessions.

Start with `permissions.py` (who needs a second factor), `middleware.py` (how it is enforced) and
`adapters.py` (what is changed of allauth). May import `convention.club`, `convention.events`,
`convention.api`, `convention.audit` and `convention.mail`.
"""
