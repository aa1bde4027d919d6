"""The public programme: agenda, session and speaker pages, feeds.

Start with agenda.py and programme_version.py, by which pages are cached. Imports models and `exchange.feed`.
"""
