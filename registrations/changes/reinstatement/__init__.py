"""Reinstate a cancelled registration: the same place, price, history and link, with a new badge.

Start with `reinstate.py`; `objections.py` decides what may be reinstated, `texts.py` puts it in words. May
import what `changes` imports.
"""
