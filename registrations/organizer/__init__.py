"""Organizers' pages of registrations: list, one registration, actions on a selection, waiting lists.

Start with `registration_views.py`. Views call actions in `changes`, `billing`, `sessions` and `waiting_list`.
Only URL configurations import views from here; `badges` uses the filters and exports of `registration_list`,
and `selection_forms` for its own actions on a selection.
"""
