"""One module for each format that we read."""
