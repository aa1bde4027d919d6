"""What every test may use; see docs/developers.md."""
