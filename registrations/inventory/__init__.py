"""Stock: places of tickets and everything else that can run out.

Start with `stock.py`. Counters are changed by conditional statements only, in `LOCK_ORDER`, so that nothing
is oversold and nothing deadlocks. May import the models, `questions.queries` and `waiting_list.offers`, to
which freed places go.
"""
