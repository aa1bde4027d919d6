"""Send mails, record bounces, and show the mails of a development site.

Start with `messages.py`. Templates are in `templates/mail/` of each app. Imports no app.
"""
