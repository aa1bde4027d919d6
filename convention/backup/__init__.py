"""All data in one file for either database: saved while the site runs, restored whole or not at all."""
