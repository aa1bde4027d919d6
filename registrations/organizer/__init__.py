"""Organizers' pages of registrations: list, one registration, duplicates, bulk cancellation, waiting lists.

Start with `registration_views.py`. Views call actions in `changes`, `billing`, `sessions` and `waiting_list`.
Only URL configurations import views from here; `badges` uses the filters and exports of `registration_list`.
"""
