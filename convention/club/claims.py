"""Claims: a contact added a colleague with the e-mail address of a person whom the club knows already.

The contact sees an ordinary colleague. The owner of the address gets a mail; when they confirm, the
colleague's record is merged into theirs (`merge_people/accept_claim.py`).
"""

import datetime

from django.conf import settings
from django.tasks import task
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from convention.codes.secret_keys import ExpiredToken, UnreadableToken, decrypt_token, encrypt_token
from convention.db.leases import hold_lease
from convention.errors import LinkExpired, NotFound
from convention.mail.messages import MailMessage, MailRefused, send_mail_message
from convention.text.email_addresses import is_same_email, normalize_email

from .addresses.own_addresses import find_active_owner
from .models import Company, Employment, Person

TOKEN_PURPOSE = "club.claim"  # noqa: S105 (a name, no secret)
LINK_LIFETIME = datetime.timedelta(days=30)


@task()
def notify_address_owner(person_id: int, company_id: int) -> None:
    """Ask the owner of a claimed address whether they work there; do nothing for other colleagues."""
    # Queued for every new colleague: only this task finds out whether another person has the address.
    claimed = Person.objects.exclude(claimed_email="").filter(pk=person_id).first()
    owner = find_address_owner(claimed) if claimed else None
    if claimed is None or owner is None:
        return
    company = Company.objects.get(pk=company_id)
    # The queue runs a task again after a worker died: the lease keeps two workers from mailing at once.
    with hold_lease(f"claim:{claimed.pk}"), translation.override(owner.language):
        try:
            send_mail_message(write_claim_mail(owner, claimed, company))
        except MailRefused:
            return


def write_claim_mail(owner: Person, claimed: Person, company: Company) -> MailMessage:
    """Return the mail, in the active language."""
    url = f"{settings.SITE_URL}{reverse('club-claim', args=[make_claim_token(claimed)])}"
    return MailMessage(
        to=owner.email or "",
        subject=_("Do you work at %(company)s?") % {"company": company.name},
        template="club_claim",
        context={"company": company, "name": claimed.name, "days": LINK_LIFETIME.days, "url": url},
        language=owner.language,
        # The day is part of the key, so that a reminder on another day is not dropped as a repeat.
        message_key=f"claim-{claimed.pk}-{timezone.localdate():%Y%m%d}",
    )


def find_address_owner(claimed: Person) -> Person | None:
    """Return the person whose own address the claimed one is now, or None."""
    return find_active_owner(claimed.claimed_email)


def make_claim_token(claimed: Person) -> str:
    """Return the encrypted token of the mailed link; it proves that its holder reads that mail."""
    return encrypt_token(TOKEN_PURPOSE, [claimed.pk, normalize_email(claimed.claimed_email)])


def get_claimed_person(token: str) -> Person:
    """Return the colleague of a mailed link. Raise LinkExpired for an old link, NotFound for any other."""
    try:
        pk, email = decrypt_token(TOKEN_PURPOSE, token, max_age=LINK_LIFETIME)
    except ExpiredToken as error:
        raise LinkExpired(_("This link has expired. Please contact the club.")) from error
    except UnreadableToken as error:
        raise NotFound(
            _("This link is not valid: it may be incomplete. Copy the whole link from the e-mail.")
        ) from error
    claimed = Person.objects.exclude(claimed_email="").filter(pk=pk).first()
    if (
        claimed is None
        # The token names the address: one mailed to an earlier address must not confirm a later one.
        or not is_same_email(claimed.claimed_email, email)
        or find_address_owner(claimed) is None
    ):
        raise NotFound(_("There is nothing left to confirm."))
    return claimed


def list_current_employers(claimed: Person) -> list[Company]:
    """Return the companies at which the colleague works today."""
    employments = Employment.objects.open().filter(person=claimed).select_related("company")
    return [employment.company for employment in employments.order_by("pk")]
