"""Pages and downloads of the day of a visit."""
