"""The rooms of an event.

Start with forms.py: one room alone, or all of an event on one page. It imports only the models of events.
"""
