"""Who has a place and would not be given it any more: the seat was lost, or a new employer competes."""

from collections.abc import Collection

from convention.club.models import Employment, Seat

from .eligibility import Candidate, objections
from .firms import Firms
from .models import Application, Visit


def lost_seats(visit: Visit, applications: Collection[Application]) -> dict[int, list[str]]:
    """What speaks today against each of these applicants, by application; nothing for who may still come.

    The codes are those of `Application.Refusal`. The same number of queries however many there are.
    """
    alive = [one for one in applications if one.person_id and one.refused_at is None]
    people = [one.person_id for one in alive]
    seats = Seat.objects.counting(at=visit.day).filter(person__in=people, person__is_active=True)
    held = set(seats.order_by().values_list("person", "membership__company"))
    jobs: dict[int, list[int]] = {}
    open_jobs = Employment.objects.open(at=visit.day).filter(person__in=people)
    for person, company in open_jobs.order_by().values_list("person", "company"):
        jobs.setdefault(person, []).append(company)
    firms, host = Firms.read(), visit.event.host_id
    host_sells = firms.sold_by_host(host)
    found = {}
    for one in alive:
        candidate = Candidate(
            has_seat=(one.person_id, one.company_id) in held,
            sells=firms.sold_against(jobs.get(one.person_id or 0, []), host),
            host_sells=host_sells,
        )
        if codes := objections(candidate):
            found[one.pk] = codes
    return found
