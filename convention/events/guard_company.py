"""What speaks against a company's merging into another: contracts by which it runs events then."""

import datetime

from django.utils import formats
from django.utils.translation import gettext as _

from convention.club.models import Company

from .models import Delegation


def guard_company(company: Company, on: datetime.date) -> dict[str, list[str]]:
    """A sentence, at the day of the merger, for each contract that lasts until then or longer."""
    lasting = Delegation.objects.filter(company=company, ends_on__gte=on).select_related("event")
    sentence = _(
        "%(company)s runs “%(event)s” under a contract until %(day)s: let it end before the merger "
        "and give the other company one of its own, or merge later."
    )
    sentences = [
        sentence % {"company": company, "event": one.event.title, "day": formats.date_format(one.ends_on)}
        for one in lasting.order_by("ends_on", "pk")
    ]
    return {"on": sentences} if sentences else {}
