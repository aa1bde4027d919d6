"""Exact models for CP-SAT: a first plan if the search finds none, contradicting rules, repairs, optima.

All budgets are deterministic time, so that results repeat. These modules load OR-Tools: only the worker and
commands import them.
"""
