"""Pages of mailings: an organizer’s, and the one that an unsubscribe link opens."""
