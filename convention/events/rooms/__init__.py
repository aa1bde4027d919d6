"""The rooms of an event.

Start with forms.py: one room alone, or all of an event on one page. Of `events`, it imports only the models.
"""
