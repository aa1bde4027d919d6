"""Organizers' lists over 10,000 registrations."""

from collections.abc import Iterator

from tests.bench.figures import Figure
from tests.bench.load import drive, request
from tests.bench.site import Site

LISTS = {
    "list of 10,000 registrations": "/organize/large/registrations/",
    "the same, page 150": "/organize/large/registrations/?page=150",
    "the same, a name searched": "/organize/large/registrations/?q=zoe",
    "tickets": "/organize/large/tickets/",
}
SESSION = """
from importlib import import_module
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from convention.club.models import Person
email = "bench@example.org"
person = Person.objects.filter(email=email).first() or Person.objects.create_superuser(email, "x")
session = import_module(settings.SESSION_ENGINE).SessionStore()
session[SESSION_KEY] = str(person.pk)
session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
session[HASH_SESSION_KEY] = person.get_session_auth_hash()
session.create()
print(session.session_key)
"""


WHY = (
    "a page costs 8 to 12 ms of Python: ten queries and the template of up to fifty rows. A search also reads"
    " every row of the event, since no index finds the middle of a word: 6 ms for 10,000."
)


def figures(site: Site) -> Iterator[Figure]:
    """Measure each list as an organizer opens it; the floor is the health page."""
    cookie = f"sessionid={site.manage('shell', '-v0', '-c', SESSION).split()[-1]}"
    floor = drive(site.port, [request("/healthz")] * 2000).rate
    for name, path in LISTS.items():
        page = request(path, headers={"Cookie": cookie})
        drive(site.port, [page] * 30)
        result = drive(site.port, [page] * 400)
        if result.statuses != {200: 400}:
            raise RuntimeError(f"The organizer was not shown {path}: {result.statuses}")
        yield Figure(
            name,
            result.rate,
            "/s",
            at_least=80 if site.is_postgresql else None,
            floor=floor,
            floor_work="an empty page",
            why=WHY,
        )
