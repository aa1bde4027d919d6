"""Compiled queries return for each person and date what the ORM does."""

import datetime

import pytest
from django.utils import timezone

from convention.club.models import CompanyContact, CompanyRole, Employment, Seat
from convention.club.permissions import (
    get_companies_of_contact,
    get_employing_vendors,
    get_open_seat,
    is_member,
)
from convention.db.compiled_query import PLACEHOLDER_DATE, CompiledQuery
from convention.events.models import Event, Venue
from convention.views.site_pages import CONTACT_QUERY, VENDOR_QUERY
from tests.factories import make_company, make_event, make_member, make_person

pytestmark = pytest.mark.django_db
BY_SLUG = CompiledQuery(lambda slug, day: Event.objects.select_related("venue").filter(
    slug=slug, starts_at__date__gt=day
), "the slug", PLACEHOLDER_DATE)  # fmt: skip
TODAY = timezone.localdate()
NINETY_NINE_DAYS_AGO, YESTERDAY = TODAY - datetime.timedelta(days=99), TODAY - datetime.timedelta(days=1)


def test_compiled_query_finds_rows_of_given_values(django_assert_num_queries):
    hall = Venue.objects.create(name="Hall")
    first, second = make_event(slug="first", venue=hall), make_event(slug="%s")

    for event in (first, second, first):
        with django_assert_num_queries(1):
            [found] = BY_SLUG.all(event.slug, NINETY_NINE_DAYS_AGO)
            assert found == event
            assert found.venue == event.venue
        assert vars(found).keys() == vars(Event.objects.get(pk=event.pk)).keys()
        assert BY_SLUG.exists(event.slug, NINETY_NINE_DAYS_AGO) is True

    assert BY_SLUG.all("nowhere", NINETY_NINE_DAYS_AGO) == []

    first_day = timezone.localdate(first.starts_at)

    assert BY_SLUG.first("first", first_day) is None
    assert BY_SLUG.exists("first", first_day) is False


def test_compiled_permission_queries_agree_with_permissions():
    vendor, firm = make_company(), make_company()
    CompanyRole.objects.create(company=vendor, role="vendor", starts_on=NINETY_NINE_DAYS_AGO)
    member, former, seller, gone, contact, nobody = (
        make_member(), make_member(), make_person(), make_person(), make_person(), make_person(),
    )  # fmt: skip
    Seat.objects.filter(person=former).update(ends_on=YESTERDAY)
    Employment.objects.create(person=seller, company=vendor, starts_on=TODAY)
    Employment.objects.create(person=gone, company=vendor, starts_on=NINETY_NINE_DAYS_AGO, ends_on=YESTERDAY)
    CompanyContact.objects.create(person=contact, company=firm, starts_on=TODAY)

    for person in (member, former, seller, gone, contact, nobody):
        assert is_member(person) == (get_open_seat(person) is not None)
        assert VENDOR_QUERY.exists(person.pk, TODAY) == get_employing_vendors(person).exists()
        assert CONTACT_QUERY.exists(person.pk, TODAY) == get_companies_of_contact(person).exists()
    assert is_member(member)
    assert not is_member(former)
    assert VENDOR_QUERY.exists(seller.pk, TODAY)
    assert not VENDOR_QUERY.exists(gone.pk, TODAY)
    assert CONTACT_QUERY.exists(contact.pk, TODAY)
    assert not CONTACT_QUERY.exists(nobody.pk, TODAY)
