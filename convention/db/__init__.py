"""Database tools: locks, leases, limited stock, search columns, compiled queries, and both backends.

Each module stands alone; start with `limited_stock.py` and `leases.py`. Imports no app.
"""
