"""Run server and worker together on one machine, for it alone or for the local network.

Start with `processes.py` and `supervisor.py`; `manage.py serve` uses them. Imports no app.
"""
