"""From a copied event to a public one: the copy, the checklist, publication, and its public face.

Start with `copy_event.py` and `publish.py`. Other apps take part through the hooks `event_copiers`,
`event_readiness` and `public_pages`. May import the rest of `convention.events` and what is below it.
"""
