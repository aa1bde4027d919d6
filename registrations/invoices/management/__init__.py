"""Command of `manage.py`: `invoice`."""
