"""What the treasurer fills in."""
