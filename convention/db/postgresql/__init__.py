"""Database backend for PostgreSQL: a cheap connection check, and prepared statements for frequent queries."""
