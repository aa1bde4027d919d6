"""Text: normalization, dates, addresses, countries. Each module stands alone; imports no app."""
