"""Record scans and decide on them.

Start with verdict.py (the rules), then record_scans.py (a batch) and fast_path.py (a single scan). api.py
serves both endpoints with serializers.py and snapshot_serializers.py; snapshot.py loads what devices need
offline. verdict.py and presence.py are pure.
"""
