"""Record scans and decide on them.

Start with verdict.py (the rules), then record_scans.py (a batch) and fast_path.py (a single scan). api.py
serves both endpoints; snapshot.py builds what devices need offline. verdict.py and presence.py are pure.
"""
