"""The number of queries of pages about invitations does not grow with them."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from lxml import html

from badges.mailings.composing.segments import OTHER_EVENT, Segment
from badges.mailings.sending.launch import launch_mailing
from badges.mailings.sending.log import make_log_sheet
from badges.mailings.sending.recipients import freeze_recipients
from tests.badges.mailings.test_invitations import ALL_MEMBERS, make_invitation
from tests.factories import make_administrator, make_company, make_event, make_member, make_membership
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db


def test_queries_of_the_log_do_not_grow_with_the_invited_people(django_assert_max_num_queries):
    company = make_company()
    make_membership(company)
    for _number in range(12):
        make_member(company)
    mailing = make_invitation(make_event())
    launch_mailing(mailing=mailing)
    mailing.refresh_from_db()
    freeze_recipients(mailing=mailing)

    with django_assert_max_num_queries(5):
        rows = list(make_log_sheet(mailing, "").rows)

    assert {row[2] for row in rows} == {company.name}


def test_queries_of_the_list_do_not_grow_with_the_invitations(django_assert_max_num_queries):
    event, former = make_event(), make_event(slug="former")
    segments = [ALL_MEMBERS, Segment(states=(), audience=OTHER_EVENT, audience_event=former.pk)]
    mailings = [make_invitation(event, segment) for segment in segments]
    client, path = make_client(make_administrator()), f"/en/organize/{event.slug}/mail/"
    client.get(path)
    with CaptureQueriesContext(connection) as queries:
        client.get(path)
    mailings += [make_invitation(event, segment) for segment in segments * 3]

    with django_assert_max_num_queries(len(queries)):
        page = html.fromstring(client.get(path).content)

    links = {*map(str, page.xpath("//tbody//th/a/@href"))}
    assert links == {f"{path}{mailing.pk}/" for mailing in mailings}
