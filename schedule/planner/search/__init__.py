"""The local search: first plan, incremental costs, annealing, and two processes with different seeds.

Start with run_search.py. tables.py prepares the instance, unit_state.py and long_state.py hold a plan with
its costs while it is changed step by step, cell_annealer.py tries and takes the steps, anneal.py sets the
temperature. Imports no OR-Tools.
"""
