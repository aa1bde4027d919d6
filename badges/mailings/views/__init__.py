"""Pages of mailings: the organizers', and the one behind an unsubscribe link."""
