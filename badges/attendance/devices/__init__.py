"""Checkpoints and the devices that scan at them.

Start with pairing.py. Imports the models, permissions of events, and `scanning` to rebuild presences.
"""
