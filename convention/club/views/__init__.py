"""Administrators' pages of the club's directory, and the page of a claimed address."""
