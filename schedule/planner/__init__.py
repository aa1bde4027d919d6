"""The automatic schedule: places sessions in slots and rooms on plain data, without models or a database.

Start with instance.py (the problem and a plan), costs.py (hard rules and costs, in plain code), then
plan_schedule.py. `search` holds the fast local search, `exact` the models for CP-SAT, `foreign` other
people's file formats. Only the worker and commands import plan_schedule.py and `exact`, which load OR-Tools.
Imports nothing of ours but `convention.errors`.
"""
