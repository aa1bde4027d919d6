"""Pages of sponsors, and of who runs the event."""
