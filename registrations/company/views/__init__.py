"""Pages of the company desk."""
