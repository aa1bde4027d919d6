"""Pages of payments: paying an order, card payments for the treasurer, and the Stripe webhook."""
