"""Pages: the event, registering, what one has booked, and what organizers see of it."""
