"""Django's SQLite, whose writers stand in a queue instead of looking again and again."""
