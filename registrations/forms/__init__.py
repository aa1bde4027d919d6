"""What people and organizers fill in, a module for each act."""
