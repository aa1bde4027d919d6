"""Organizers' pages: the log of a mailing, and bounced addresses."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from badges.mailings.bounces.bounced_addresses import (
    clear_bounce,
    clear_person_bounce,
    clear_waiting_entry_bounce,
    list_bounced_people,
    list_bounced_registrations,
    list_bounced_waiting_entries,
    record_bounces,
    record_recipient_bounce,
)
from badges.mailings.composing.invitations import make_person_key, read_person_key
from badges.mailings.composing.waiting_list import list_entries_to_mail, make_entry_key, read_entry_key
from badges.mailings.forms import BouncedAddressesForm
from badges.mailings.models import Recipient
from badges.mailings.permissions import (
    get_event_to_mail,
    get_mailing_to_organize,
    list_readable_invitations,
)
from badges.mailings.sending.batch import make_addressee
from badges.mailings.sending.log import (
    STATE_CONDITIONS,
    filter_recipients,
    find_state_time,
    make_log_sheet,
)
from convention.audit.record import record_action
from convention.club.models import Person
from convention.errors import NotFound
from convention.events.permissions import can_organize
from convention.mail.bounces import find_bounced_addresses
from convention.tables.downloads import table_response
from convention.web.routing import require_safe_or_post
from registrations.models import Registration, WaitingEntry

ROWS_PER_PAGE = 50


@require_GET
def mailing_log(request: HttpRequest, event: str, pk: int) -> HttpResponse:
    """Show each recipient, of one state or all."""
    mailing = get_mailing_to_organize(event, pk, request.user)
    state = request.GET.get("state", "")
    page = Paginator(filter_recipients(mailing, state), ROWS_PER_PAGE).get_page(request.GET.get("page"))
    rows = [(recipient, make_addressee(recipient), find_state_time(recipient)) for recipient in page]
    context = {
        "event": mailing.event,
        "section": "organize",
        "mailing": mailing,
        "page_obj": page,
        "rows": rows,
        "state": state if state in STATE_CONDITIONS else "",
        "can_organize": can_organize(request.user, mailing.event),
        "states": [(name, Recipient.State(name).label) for name in STATE_CONDITIONS],
    }
    return render(request, "mailings/log.html", context)


@require_GET
def mailing_log_file(request: HttpRequest, event: str, pk: int, kind: str) -> HttpResponse:
    mailing = get_mailing_to_organize(event, pk, request.user)
    record_action("mailing.export", mailing, event=mailing.event, fields=[kind])
    sheet = make_log_sheet(mailing, request.GET.get("state", ""))
    return table_response(sheet, name=f"{mailing.event.slug}-{_('mailing')}-{mailing.pk}", kind=kind)


@require_POST
def recipient_bounce(request: HttpRequest, event: str, pk: int, recipient: int) -> HttpResponse:
    """Record by hand that one mail bounced."""
    mailing = get_mailing_to_organize(event, pk, request.user)
    row = mailing.recipients.filter(pk=recipient).first()
    if row is None:
        raise NotFound(_("We could not find this recipient."))
    row.mailing = mailing
    record_recipient_bounce(recipient=row)
    messages.success(request, _("Address marked as bounced: mailings skip it until it is corrected."))
    return redirect("organize-mailing-log", event, pk)


@require_safe_or_post
def bounced_address_list(request: HttpRequest, event: str) -> HttpResponse:
    """List bounced addresses and record more; unknown addresses stay in the form."""
    event_obj = get_event_to_mail(event, request.user)
    # The form must not reveal who was invited from a directory that the reader may not see.
    invitations = list_readable_invitations(request.user, event_obj)
    form = BouncedAddressesForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        addresses = form.cleaned_data["addresses"]
        unknown = record_bounces(event=event_obj, addresses=addresses, invitations=invitations)
        if marked_count := len(addresses) - len(unknown):
            messages.success(request, _describe_marked(marked_count))
        if not unknown:
            return redirect("organize-mail-bounces", event)
        form = BouncedAddressesForm({"addresses": "\n".join(unknown)})
        form.add_error("addresses", _describe_unknown(len(unknown)))
    rows = list_bounced_registrations(event_obj).select_related("order").order_by("sort_name", "pk")
    page = Paginator(rows, ROWS_PER_PAGE).get_page(request.GET.get("page"))
    bounced = find_bounced_addresses(
        address for registration in page for address in (registration.email, registration.order.email)
    )
    context = {
        "event": event_obj,
        "section": "organize",
        "form": form,
        "page_obj": page,
        "bounced": bounced,
        "can_organize": can_organize(request.user, event_obj),
    }
    # After the last registration only, else each page would repeat them.
    if not page.has_next():
        entries, people = list_bounced_waiting_entries(event_obj), list_bounced_people(invitations)
        context["bounced_entries"] = [(entry, make_entry_key(entry.pk)) for entry in entries]
        context["bounced_people"] = [(person, make_person_key(person.pk)) for person in people]
    return render(request, "mailings/bounces.html", context)


def _describe_marked(count: int) -> str:
    return ngettext(
        "%(count)d address marked as bounced: mailings skip it until it is corrected.",
        "%(count)d addresses marked as bounced: mailings skip them until they are corrected.",
        count,
    ) % {"count": count}


def _describe_unknown(count: int) -> str:
    return ngettext(
        "No registration for this event uses the address below.",
        "No registration for this event uses the %(count)d addresses below.",
        count,
    ) % {"count": count}


@require_POST
def bounced_address_clear(request: HttpRequest, event: str, reference: str) -> HttpResponse:
    """Mark an address as correct: of a registration, or of a waiting list entry or a person by their key."""
    event_obj = get_event_to_mail(event, request.user)
    person: Registration | WaitingEntry | Person
    if person_id := read_person_key(reference):
        people = list_bounced_people(list_readable_invitations(request.user, event_obj))
        person = get_object_or_404(Person, pk__in=[row.pk for row in people if row.pk == person_id])
        clear_person_bounce(person=person, event=event_obj)
    elif entry_id := read_entry_key(reference):
        person = get_object_or_404(list_entries_to_mail(event_obj), pk=entry_id)
        clear_waiting_entry_bounce(entry=person)
    else:
        rows = Registration.objects.select_related("order", "event")
        person = get_object_or_404(rows, event=event_obj, reference=reference)
        clear_bounce(registration=person)
    name = person.name or person.email
    messages.success(request, _("%(name)s will receive mailings again.") % {"name": name})
    return redirect("organize-mail-bounces", event)
