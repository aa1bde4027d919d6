"""Who is a member, by their address."""

from convention.addresses import having
from convention.club.doors import member_company
from convention.club.models import Company, Person


def member_by_email(email: str) -> tuple[Person, Company] | None:
    """The member with that address and the company that makes them one, today."""
    people = having(Person.objects.filter(is_active=True).order_by("pk"), email)
    company = member_company(people[0]) if people else None
    return (people[0], company) if company else None
