"""Printed files of the programme: chosen on a page, made by the worker once for each state, and stored.

Start with describe_options.py (what can be chosen) and requests.py (request, make and delete files).
The sheets themselves are drawn by `schedule.paper`. It may import `schedule.paper` and `schedule.versions`.
"""
