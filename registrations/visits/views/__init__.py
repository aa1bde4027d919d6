"""Pages of visits: for members, for the host, and for who runs them."""
