"""Pictures of an event: a header image, a logo and a map, uploaded by its organizers.

Start with `save_pictures.py`; `redraw.py` runs in a child process. May import the rest of
`convention.events` and what is below it.
"""
