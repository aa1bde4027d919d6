"""Pages of the company desk, each for who is its contact today."""
