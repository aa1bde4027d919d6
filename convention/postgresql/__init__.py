"""Django's PostgreSQL, with two things that a rush needs: a free look at the connection, kept statements."""
