"""Create or copy an event, check what is missing, publish it, and serve its preview image and site map.

Start with `start_event.py`, `copy_event.py` and `publish.py`. Other apps take part through the hooks
`event_starters`, `event_copiers`, `event_readiness` and `public_pages`. May import the rest of
`convention.events` and what is below it.
"""
