"""Pages of the company area."""
