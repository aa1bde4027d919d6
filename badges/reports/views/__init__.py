"""Pages: the organizers' home and an event's overview."""
