"""Pages of the desk: search, guests, walk-ins."""
