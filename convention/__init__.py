"""The base package, shared by all apps: text, database, mail, tables, typesetting, tasks, backups and
serving.

Start with `settings.py`, `urls.py` and `errors.py`. Its own apps are accounts, api, audit, club, events, jobs
and privacy. It imports nothing from schedule, registrations or badges; they register functions in `hooks.py`.
"""
