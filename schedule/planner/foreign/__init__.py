"""Instances of other people in their own formats: see ../instance.py for ours.

json_instance.py reads the benchmark's JSON; cosplib/ reads, judges and solves workbooks of the conference
scheduling library, whose problem is another one. Imports no OR-Tools.
"""
