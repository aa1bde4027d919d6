"""Read instances in the formats of other projects; ../instance.py has ours.

json_instance.py reads the benchmark's JSON; cosplib/ reads, judges and solves workbooks of the conference
scheduling library, which is a different problem. Imports no OR-Tools.
"""
