"""Organizers' home and an event's overview: pages that show facts of all other packages.

Start with event_facts.py, which loads the facts; attention.py and charts.py build on them. May import
every other package; none imports this one.
"""
