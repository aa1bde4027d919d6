"""Text: normalization, dates, addresses, countries. Imports no other package of ours."""
