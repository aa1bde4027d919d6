"""Web tools without an app: charts, pagination, rate limits, link secrets, static files, request bodies."""
