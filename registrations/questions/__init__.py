"""Questions to attendees: editing, answers, uploaded files, and numbers for organizers and caterers.

Start with `answers.py`, which decides without a database. May import the models; `answer_forms.py` also
imports `storefront.drafts`.
"""
