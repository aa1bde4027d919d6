"""Session bookings of registrations: book, leave, swap, and the notifications about changed sessions.

Start with `booking.py`, which explains the lock order. May import `inventory`, `waiting_list` and the
`schedule` app.
"""
