"""Run server and worker together, for this machine alone or for the local network.

Start with `processes.py` and `supervisor.py`; `manage.py serve` uses them. Imports no app.
"""
