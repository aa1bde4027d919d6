"""Coach rides to and from the site: planning them, choosing seats, calendar files.

Start with `seating.py`.
"""
