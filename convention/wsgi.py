"""The WSGI application."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "convention.settings")

application = get_wsgi_application()

gc.collect()
gc.freeze()  # exclude loaded modules from garbage collection, whose full runs would pause requests
