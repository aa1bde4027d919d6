"""A strict stand-in for Stripe: speaks its protocol over real HTTP to the real library, and moves no money.

    with StandIn() as stripe:                      # http://127.0.0.1:PORT
        client = StripeClient(stripe.key, base_addresses={"api": stripe.url})
        stripe.world.pay(session_id)               # what the buyer does on the pay page
        stripe.post.deliver(order=reversed)        # signed events, in whatever order a test wants

What it refuses, Stripe refuses: another version, no form, unknown or wrong parameters, a used idempotency
key with other parameters. `python -m tests.stripe_standin` runs it beside `make run` (docs/testing.md).
"""

from tests.stripe_standin.server import StandIn as StandIn
