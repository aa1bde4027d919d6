"""Attendance: checkpoints, devices, scans and presences of an event.

Start with models.py, then scanning/record_scans.py. `scanning` records scans, `devices` pairs phones,
`reports` counts and exports, `views` are the organizers' pages. May import `badges.codes` and lower layers.
"""
