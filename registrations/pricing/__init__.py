"""Prices: what an order costs and why.

Start with `quote.py`, which calculates without a database; `catalog.py` feeds it from the models,
`display.py` shows the result. May import the models; books nothing.
"""
