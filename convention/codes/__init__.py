"""Signed badge codes, QR symbols, and encryption. Start with `badge_codes.py`; imports no app."""
