"""The e-mail addresses of people of the directory, to write to them from one's own e-mail program.

Start with `address_list.py`; `views.py` has the pages, one for each list or page that leads to it. Imports
the models, filters and permissions of the club; a higher app says who unsubscribed
(`hooks.news_unsubscriptions`).
"""
