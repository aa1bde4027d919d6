"""Claims: a company's contact added a colleague with an address that somebody of the club has already.

The contact sees a colleague like any other. The owner of the address gets an e-mail; once they confirm, what
the colleague holds (employment, seat, places) is theirs, and the two records are one.
"""

import datetime
from contextlib import suppress

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Model
from django.tasks import task
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from convention.addresses import folded, having, same
from convention.audit.record import record
from convention.errors import Expired, NotFound
from convention.leases import leased
from convention.mail import Letter, Refused, send
from convention.secret_keys import ExpiredToken, UnreadableToken, decrypt_token, encrypt_token

from .models import Company, Employment, Person, Seat

PURPOSE = "club.claim"
LINK_LASTS = datetime.timedelta(days=30)


@task()
def ask_owner(person_id: int, company_id: int) -> None:
    """Ask the owner of a claimed address whether they work there. Sends nothing for any other colleague."""
    claimed = Person.objects.exclude(claimed_email="").filter(pk=person_id).first()
    owner = owner_of(claimed) if claimed else None
    if claimed is None or owner is None:
        return
    company = Company.objects.get(pk=company_id)
    with leased(f"claim:{claimed.pk}"), translation.override(owner.language):
        try:
            send(letter_to(owner, claimed, company))
        except Refused:
            return


def letter_to(owner: Person, claimed: Person, company: Company) -> Letter:
    """Write the question, in the language of the moment."""
    url = f"{settings.SITE_URL}{reverse('club-claim', args=[claim_token(claimed)])}"
    return Letter(
        to=owner.email or "",
        subject=_("Do you work at %(company)s?") % {"company": company.name},
        template="club_claim",
        context={"company": company, "name": claimed.name, "url": url},
        language=owner.language,
        key=f"claim-{claimed.pk}-{timezone.localdate():%Y%m%d}",
    )


def owner_of(claimed: Person) -> Person | None:
    """Return who has the claimed address, if they still do."""
    found = having(Person.objects.filter(is_active=True), claimed.claimed_email)
    return found[0] if found else None


def claim_token(claimed: Person) -> str:
    """Return what the mailed link carries, encrypted: it proves the address, to which alone it is sent."""
    return encrypt_token(PURPOSE, [claimed.pk, folded(claimed.claimed_email)])


def claimed_by_token(token: str) -> Person:
    """Return the colleague behind a mailed link. Raises Expired for an old link, NotFound for any other."""
    try:
        pk, email = decrypt_token(PURPOSE, token, max_age=LINK_LASTS)
    except ExpiredToken as error:
        raise Expired(_("This link has expired. Please write to the club.")) from error
    except UnreadableToken as error:
        raise NotFound(_("This link is not valid; it may have been cut in the e-mail.")) from error
    claimed = Person.objects.exclude(claimed_email="").filter(pk=pk).first()
    if claimed is None or not same(claimed.claimed_email, email) or owner_of(claimed) is None:
        raise NotFound(_("There is nothing left to confirm here."))
    return claimed


def companies_of(claimed: Person) -> list[Company]:
    """Return where the colleague works today."""
    jobs = Employment.objects.open().filter(person=claimed).select_related("company")
    return [job.company for job in jobs.order_by("pk")]


@transaction.atomic
def accept_claim(*, claimed: Person) -> Person:
    """Give the owner of the address all that the colleague holds, and remove the second record."""
    claimed = Person.objects.select_for_update().get(pk=claimed.pk)
    owner = owner_of(claimed)
    if not claimed.claimed_email or owner is None:
        raise NotFound(_("There is nothing left to confirm here."))
    _drop_what_the_owner_has(owner, claimed)
    for relation in Person._meta.related_objects:
        if relation.one_to_many or relation.one_to_one:
            _move(relation.related_model, relation.field.name, owner, claimed)
    record("person.claim", owner, fields=["employments", "seats"])
    claimed.delete()
    return owner


def _drop_what_the_owner_has(owner: Person, claimed: Person) -> None:
    """Remove the colleague's employment or seat where the owner has one there already."""
    jobs = Employment.objects.open().filter(person=owner)
    Employment.objects.open().filter(person=claimed, company__in=jobs.values("company")).delete()
    seats = Seat.objects.open().filter(person=owner).values("membership")
    Seat.objects.filter(person=claimed, membership__in=seats).delete()


def _move(model: type[Model], name: str, owner: Person, claimed: Person) -> None:
    """Let what points to the colleague point to the owner, unless the owner has the like already."""
    for key in model._base_manager.filter(**{name: claimed}).values_list("pk", flat=True):
        with suppress(IntegrityError), transaction.atomic():
            model._base_manager.filter(pk=key).update(**{name: owner})
