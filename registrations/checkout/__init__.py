"""Payment by card through Stripe and by bank transfer: what came in, for which order, and what to do now."""
