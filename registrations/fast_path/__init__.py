"""The few hand-written statements of the rush, when thousands order the last places at once.

Start with `save_order.py` (one statement books an order) and `catalog_query.py` (one loads what it needs);
`sale_cache.py` caches the latter under a version that database triggers raise (`catalog_version.py`). Each
statement is tested against the ORM's answer on both databases. May import the models and `inventory`; only
`booking`, `pricing`, and the public pages and endpoints call it.
"""
