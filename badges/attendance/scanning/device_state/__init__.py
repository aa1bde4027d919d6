"""The state of devices at their checkpoints: what they report, places leased, what silent ones may hold.

Imports the models, presence_store.py and the pure rules of presence.py and verdict.py.
"""
