"""A visitor list in browsers: a visitor enters details, the secretary sends the list, the host decides."""

import re

import pytest
from django.test import Client
from playwright.sync_api import expect

from registrations.visits.models import Application, Identity, VisitorList
from tests.factories import make_secretary
from tests.journeys.browsing import sign_in
from tests.journeys.visiting import fill, require_accessible_page
from tests.registrations.visits.hosts import (
    make_host,
    make_hosted,
    make_identified,
    make_identity_answers,
    make_visitor,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]

LIST_LINK = re.compile(r"(/(?:en/)?host/lists/[\w-]{43}/)")
SIGN_IN_LINK = re.compile(r"(/(?:en/)?host/enter/[\w-]{43}/)")


@pytest.mark.long
def test_visitor_list_is_completed_sent_acknowledged_and_vetoed(open_page, site, run_tasks, mailoutbox):
    visit = make_hosted()
    visitor = make_visitor(visit, first_name="Éloïse", last_name="Zwickel")
    refused = make_identified(visit, 2, first_name="Paul", last_name="Refusé")
    make_host(visit)
    answers = {name: value for name, value in make_identity_answers(1).items() if name != "vehicle_plate"}

    page = open_page("phone")
    sign_in(page, Client(), site, visitor.person)
    page.goto(f"/visits/{visit.event.slug}/identity/")
    require_accessible_page(page)
    fill(page, answers)
    page.get_by_role("button", name="Chiffrer et envoyer").click()
    expect(page.get_by_text("Merci\u202f: vos informations sont chiffrées")).to_be_visible()
    require_accessible_page(page)
    assert Identity.objects.count() == 2

    desk = open_page("desktop")
    sign_in(desk, Client(), site, make_secretary())
    desk.goto(f"/organize/{visit.event.slug}/visit/lists/")
    require_accessible_page(desk)
    desk.get_by_role("button", name="Établir la première version").click()
    desk.get_by_role("button", name="Envoyer le lien").click()
    expect(desk.get_by_text("Le lien est en cours d’envoi à garde@hote.example.")).to_be_visible()
    require_accessible_page(desk)
    run_tasks()

    gate = open_page("phone")
    gate.goto(LIST_LINK.search("\n".join(mail.body for mail in mailoutbox))[1])
    require_accessible_page(gate)
    expect(gate.get_by_text("Zwickel")).to_have_count(0)
    gate.get_by_role("button", name="Ouvrir la liste").click()
    expect(gate.get_by_role("rowheader", name="Zwickel")).to_be_visible()
    require_accessible_page(gate)
    gate.get_by_label("Votre nom").fill("Marc Portier")
    gate.get_by_role("button", name="Confirmer la réception").click()
    assert VisitorList.objects.get().acknowledged_by == "Marc Portier"

    host = open_page("desktop")
    host.goto("/host/")
    require_accessible_page(host)
    host.get_by_label("Adresse e-mail").fill("sophie@hote.example")
    host.get_by_role("button", name="Recevoir le lien").click()
    run_tasks()
    host.goto(SIGN_IN_LINK.search(mailoutbox[-1].body)[1])
    require_accessible_page(host)
    host.get_by_role("button", name="Se connecter").click()
    expect(host.get_by_role("rowheader", name="Paul Refusé")).to_be_visible()
    require_accessible_page(host)
    host.get_by_role("link", name="Ne pas recevoir : Paul Refusé").click()
    require_accessible_page(host)
    host.get_by_role("button", name="Ne pas recevoir").click()
    expect(host.get_by_role("rowheader", name="Paul Refusé")).to_have_count(0)
    assert Application.objects.get(pk=refused.pk).host_refused_at is not None


def test_host_finds_the_links_of_the_menu_on_a_phone(open_page, run_tasks, mailoutbox):
    visit = make_hosted()
    make_host(visit)
    host = open_page("phone")
    host.goto("/host/")
    host.get_by_label("Adresse e-mail").fill("sophie@hote.example")
    host.get_by_role("button", name="Recevoir le lien").click()
    run_tasks()

    host.goto(SIGN_IN_LINK.search(mailoutbox[-1].body)[1])
    host.get_by_role("button", name="Se connecter").click()
    menu = host.get_by_role("navigation", name="Navigation principale")

    expect(menu.get_by_role("link", name="Mes visites")).to_be_visible()
    expect(menu.get_by_role("link", name="Proposer une visite")).to_be_visible()
    require_accessible_page(host)
