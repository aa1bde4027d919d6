"""The application that a server such as granian calls."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "convention.settings")

application = get_wsgi_application()

gc.collect()
gc.freeze()  # what is loaded now stays: looking through it again and again would halt requests for nothing
