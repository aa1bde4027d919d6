"""Commands of `manage.py`: `bank_import` and `stripe_events`."""
