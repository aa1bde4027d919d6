"""Card payments through Stripe Checkout: sessions, webhooks, refunds, disputes and payouts.
Start with `checkout.py` (the buyer goes to pay) and `settlement.py` (the outcome is recorded); `gateway.py`
is the only module that calls Stripe. `reconcile.py` repeats everything by polling, so that a lost webhook
does no harm.
"""
