"""Pages of the whole site: the home page, languages, errors, and pages of a development site.

Start with `site_pages.py`. May import every app below schedule.
"""
