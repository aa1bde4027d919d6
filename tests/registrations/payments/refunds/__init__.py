"""Tests of the refunds that the treasurer makes at the bank."""
