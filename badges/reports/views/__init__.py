"""Pages: the organizers' home, an event's overview, the desk."""
