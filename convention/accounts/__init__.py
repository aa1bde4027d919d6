"""Signing in and staying safe: passkeys, codes, second factors, sessions; allauth does the work beneath."""
