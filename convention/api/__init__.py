"""The parts of the REST API that all apps share: tokens, scopes, problem details, cursor pages, rate limits.

Start with `authentication.py` and `problems.py`. May import club, events, audit and the tools of
`convention`.
"""
