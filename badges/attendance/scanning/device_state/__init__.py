"""The state of devices at checkpoints: their reports, their leases, and unsent scans of silent ones.

Imports the models, presence_store.py and the pure rules of presence.py and verdict.py.
"""
