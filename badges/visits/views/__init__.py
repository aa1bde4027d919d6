"""Pages of the day of a visit."""
