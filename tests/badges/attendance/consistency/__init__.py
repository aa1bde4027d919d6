"""The published consistency test: random histories of phones, networks and clocks against the real endpoints.

Start with test_consistency.py; docs/consistency.md says what is promised. world.py holds the true history,
phone.py a simulated phone, history.py plays one random history, checker.py compares the server with the
truth, mutations.py takes out one rule after the other.
"""
