"""What is typed on the treasurer’s pages."""
