"""Questions that are composed once answer for each person and day as the ORM does."""

import datetime

import pytest
from django.utils import timezone

from convention.club.doors import companies_of_contact, is_member, open_seat, vendors_of
from convention.club.models import CompanyContact, CompanyRole, Employment, Seat
from convention.views.site import CONTACT, VENDOR
from tests.factories import make_company, make_member, make_person

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
LONG_AGO, YESTERDAY = TODAY - datetime.timedelta(days=99), TODAY - datetime.timedelta(days=1)


def test_each_answer_is_that_of_the_door():
    vendor, firm = make_company(), make_company()
    CompanyRole.objects.create(company=vendor, role="vendor", starts_on=LONG_AGO)
    member, former, seller, gone, contact, nobody = (
        make_member(), make_member(), make_person(), make_person(), make_person(), make_person(),
    )  # fmt: skip
    Seat.objects.filter(person=former).update(ends_on=YESTERDAY)
    Employment.objects.create(person=seller, company=vendor, starts_on=TODAY)
    Employment.objects.create(person=gone, company=vendor, starts_on=LONG_AGO, ends_on=YESTERDAY)
    CompanyContact.objects.create(person=contact, company=firm, starts_on=TODAY)
    people = [member, former, seller, gone, contact, nobody]
    said = [(is_member(one), VENDOR.exists(one.pk, TODAY), CONTACT.exists(one.pk, TODAY)) for one in people]
    assert said == [
        (open_seat(one) is not None, vendors_of(one).exists(), companies_of_contact(one).exists())
        for one in people
    ]
    assert [list(map(int, one)) for one in said] == [
        [1, 0, 0], [0, 0, 0], [0, 1, 0], [0, 0, 0], [0, 0, 1], [0, 0, 0],
    ]  # fmt: skip
