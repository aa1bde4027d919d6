"""What is owed, invoiced, paid and given back; it knows nothing of orders or tickets."""
