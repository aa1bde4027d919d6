"""Writers: one module for each format. round_trip.py says what each format preserves."""
