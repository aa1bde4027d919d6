"""Random histories of money: whatever buyers, companies, sponsors, Stripe, the bank and the treasurer do."""
