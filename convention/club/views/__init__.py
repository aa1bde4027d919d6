"""Pages of the club's directory, for its secretary and administrators, and that of a claimed address."""
