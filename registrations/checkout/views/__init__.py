"""Pages: paying an order, the webhook, and the treasurer’s."""
