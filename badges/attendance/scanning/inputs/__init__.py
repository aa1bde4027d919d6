"""Complete a scan as sent before it is decided: the device that made it, and when.

Start with received_scan.py. Imports scan_input.py and the models only.
"""
