"""Pages of people, new employments, and changes of employer."""

from typing import TYPE_CHECKING, Any, Final

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.db import transaction
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from convention import hooks
from convention.club.address_requests.forms import NewAddressForm, parse_address
from convention.club.address_requests.mails import list_recipients
from convention.club.address_requests.requests import can_ask_administrators, find_open_request
from convention.club.address_requests.views import send_request
from convention.club.addresses.other_addresses import list_other_addresses, load_other_addresses
from convention.club.change_employer import change_employer, list_membership_roles, load_person_roles
from convention.club.contact_details.notes import find_last_note_change
from convention.club.employments import describe_visit_limits
from convention.club.forms.people import EmployerChangeForm, EmploymentForm, NewPersonForm, PersonDetailsForm
from convention.club.merge_people.remove_address import remove_other_address
from convention.club.models import Employment, Person, Seat
from convention.club.people import (
    add_employment,
    close_account,
    create_person,
    find_address_holder,
    find_address_objection,
    find_company_by_mail_domain,
    find_contact_people,
    find_namesakes,
    prefetch_current_positions,
    refuse_erased_person,
    reopen_account,
    update_person,
)
from convention.club.permissions import (
    can_change_address,
    require_administrator,
    require_directory_manager,
    require_directory_reader,
)
from convention.club.seats import describe_new_seat, find_membership_with_free_seat, give_free_seat
from convention.errors import Forbidden, InvalidFields, NotFound
from convention.text.email_addresses import is_same_email
from convention.web.pagination import KeyedPaginator, SinglePassPaginator
from convention.web.routing import require_safe_or_post

from .base import (
    ROWS_PER_PAGE,
    EndQuestion,
    render_club_page,
    render_end_question,
    warn_of_roles_to_replace,
    warn_of_visits_to_decide,
)
from .filters import PeopleFilter, find_company_in_query

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

MAX_PARTICIPATIONS_SHOWN: Final = 10


@require_safe
def person_list(request: "HttpRequest") -> "HttpResponse":
    """List people by name, searched, with their current employments and seats."""
    require_directory_reader(request.user)
    people_filter = PeopleFilter.from_query(request.GET)
    # A filtered list has no index to count by: one pass finds the page and the count.
    paginator_class = SinglePassPaginator if people_filter.parameters else KeyedPaginator
    paginator = paginator_class(
        people_filter.find_people(),
        ROWS_PER_PAGE,
        page_rows=prefetch_current_positions(Person.objects.all()),
    )
    context = {
        "words": people_filter.words,
        "seat": people_filter.seat,
        "account": people_filter.account,
        "company": people_filter.company,
    }
    return render_club_page(
        request, "people.html", page_obj=paginator.get_page(request.GET.get("page")), **context
    )


@require_safe_or_post
def person_create(request: "HttpRequest") -> "HttpResponse":
    """Add a person by hand, with employer and seat; namesakes are shown first, so that nobody is doubled."""
    require_directory_reader(request.user)
    form = NewPersonForm(request.POST or None, initial={"company": find_company_in_query(request.GET)})
    namesakes: list[Person] = []
    visit_limits = ""
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        if not values["is_other_person"]:
            namesakes = find_namesakes(first_name=values["first_name"], last_name=values["last_name"])
        visit_limits = "" if values["accepts_visit_limits"] else _describe_limits_of_new_job(form)
        if not (namesakes or visit_limits) and (person := _add_person(request, form)):
            return redirect("club-person", person.pk)
    holder = find_address_holder(request.POST.get("email", "")) if "email" in form.errors else None
    context = {"namesakes": namesakes, "visit_limits": visit_limits, "holder": holder}
    return render_club_page(request, "person_new.html", form=form, **context)


def _describe_limits_of_new_job(form: NewPersonForm) -> str:
    """Return what the job means for visits: only the company's page would show it afterwards."""
    job = form.get_job_values()
    if not job:
        return ""
    person = Person(first_name=form.cleaned_data["first_name"], last_name=form.cleaned_data["last_name"])
    return describe_visit_limits(
        person=person, company=job["company"], starts_on=job["starts_on"], ends_on=None
    )


@transaction.atomic
def _add_person(request: "HttpRequest", form: NewPersonForm) -> Person | None:
    """Add the form's person with job and seat; return None with the errors in the form if it is refused."""
    try:
        person = create_person(**form.get_person_values())
    except InvalidFields as error:
        form.add_errors(error.field_errors)
        return None
    job, gives_seat = form.get_job_values(), form.cleaned_data["gives_seat"]
    if not job:
        messages.success(request, _("Person added. Next: add their employer."))
        return person
    add_employment(person=person, **job)
    seat = give_free_seat(person=person) if gives_seat else None
    if seat:
        messages.success(request, f"{_('Person added.')} {describe_new_seat(seat)}")
    else:
        messages.success(request, _("Person added."))
    if gives_seat and not seat:
        sentence = _("%(name)s has no seat yet: %(company)s cannot give one today.")
        messages.warning(request, sentence % {"company": job["company"], "name": person})
    return person


@require_safe
def person_detail(request: "HttpRequest", person_id: int) -> "HttpResponse":
    """Show one person with their history."""
    require_directory_reader(request.user)
    return _render_person(request, person_id)


@require_safe_or_post
@reauthentication_required(allow_get=True)
def person_edit(request: "HttpRequest", person_id: int) -> "HttpResponse":
    """Change a person’s details; people who already have a new name are shown first."""
    editor = require_directory_reader(request.user)
    person = get_object_or_404(Person, pk=person_id)
    refuse_erased_person(person)
    # Read before the form changes the instance: the page names the person as they are stored.
    title, names = str(person), (person.first_name, person.last_name)
    can_change = not find_address_objection(person, editor)
    # From the link of the e-mail that asks for it.
    asked_email = parse_address(request.GET) if can_change else ""
    if is_same_email(asked_email, person.email or ""):
        # Another administrator was faster.
        asked_email = ""
    initial = {"email": asked_email} if asked_email and request.method != "POST" else None
    form = PersonDetailsForm(request.POST or None, instance=person, initial=initial)
    if not can_change_address(editor, person):
        form.protect_address()
    namesakes: list[Person] = []
    if request.method == "POST" and form.is_valid():
        if names != (person.first_name, person.last_name) and not form.cleaned_data["is_other_person"]:
            found = find_namesakes(first_name=person.first_name, last_name=person.last_name)
            namesakes = [namesake for namesake in found if namesake.pk != person_id]
        if not namesakes and _save_person_form(request, form, editor):
            return redirect("club-person", person_id)
    context = {"form": form, "namesakes": namesakes, "title": title, "person": person, "holder": None}
    context["asked_email"] = asked_email
    if "email" in form.errors:
        context["holder"] = find_address_holder(request.POST.get("email", ""))
    context["other_addresses"] = load_other_addresses(person)
    context["can_remove_addresses"] = can_change
    context["open_request"] = find_open_request(person)
    if can_ask_administrators(person, editor):
        # The page's other form has a field of the same name.
        context["address_form"] = NewAddressForm(person=person, auto_id="asked_%s")
        context["recipients"] = list_recipients(person)
    return render_club_page(request, "person_edit.html", **context)


def _save_person_form(request: "HttpRequest", form: PersonDetailsForm, editor: Person) -> bool:
    """Save the form's person; return False with the errors in the form if the action refuses them."""
    try:
        update_person(person=form.instance, actor=editor, changed_fields=form.changed_columns)
    except InvalidFields as error:
        form.add_errors(error.field_errors)
        return False
    messages.success(request, _("The person has been saved."))
    return True


@require_safe_or_post
@reauthentication_required(allow_get=True)
def person_address_remove(request: "HttpRequest", person_id: int, address_id: int) -> "HttpResponse":
    """Ask before an address that is not the main one is removed; a POST removes it."""
    editor = require_directory_reader(request.user)
    person = get_object_or_404(Person, pk=person_id)
    addresses = {row.pk: row for row in load_other_addresses(person)}
    if address_id not in addresses:
        raise NotFound(_("This person no longer has this address."))
    if objection := find_address_objection(person, editor):
        raise Forbidden(objection)
    address = addresses[address_id]
    if request.method == "POST":
        remove_other_address(person=person, address=address, actor=editor)
        messages.success(request, _("%(address)s has been removed.") % {"address": address.email})
        return redirect("club-person", person_id)
    effects = [
        _("The directory no longer finds %(name)s by this address, for example in a list that you import."),
        _("Registrations keep the address they were made with."),
    ]
    if address.verified:
        effects.insert(
            0,
            _(
                "%(name)s can no longer sign in with it. All their sessions end, and their API tokens are "
                "revoked."
            ),
        )
    question = EndQuestion(
        title=_("Remove the address"),
        heading=_("Remove %(address)s?") % {"address": address.email},
        effects=[effect % {"name": person} for effect in effects],
        back_label=str(person),
        back_path=reverse("club-person-edit", args=[person_id]),
        tab="people",
    )
    return render_end_question(request, question)


@require_POST
@reauthentication_required
def person_close(request: "HttpRequest", person_id: int) -> "HttpResponse":
    """Close the person's account."""
    administrator = require_administrator(request.user)
    person = get_object_or_404(Person, pk=person_id)
    close_account(person=person, actor=administrator)
    messages.success(request, _("%(name)s’s account has been closed.") % {"name": person})
    return redirect("club-person", person_id)


@require_POST
@reauthentication_required
def person_reopen(request: "HttpRequest", person_id: int) -> "HttpResponse":
    """Reopen an account that was closed."""
    require_administrator(request.user)
    person = get_object_or_404(Person, pk=person_id)
    reopen_account(person=person)
    messages.success(request, _("%(name)s can sign in again.") % {"name": person})
    return redirect("club-person", person_id)


def _render_person(request: "HttpRequest", person_id: int, **forms: Any) -> "HttpResponse":
    person = get_object_or_404(Person, pk=person_id)
    # Most people added by hand have the mail domain of their employer.
    company = None if person.employments.exists() else find_company_by_mail_domain(person)
    context = {
        "job_form": EmploymentForm(prefix="job", initial={"company": company}),
        "current_jobs": Employment.objects.open().filter(person=person).select_related("company"),
        **_list_participations(request, person),
        **forms,
    }
    return render_club_page(request, "person.html", **_load_person(person), **context)


def _load_person(person: Person) -> dict[str, Any]:
    """Return the context of a person's page, the latest rows first."""
    latest_first = ("-starts_on", "-pk")
    seats = Seat.objects.granting_membership().filter(person=person)
    current_seats = list(seats.select_related("membership__company"))
    current_seat = current_seats[0] if current_seats else None
    needs_seat = person.is_active and current_seat is None
    free_membership = find_membership_with_free_seat(person) if needs_seat else None
    employments = person.employments.select_related("company").order_by(*latest_first)
    free_company = free_membership.company if free_membership else None
    membership_roles = list_membership_roles(person)
    employers = {job.company_id for job in employments.open()}
    return {
        "person": person,
        "other_addresses": list_other_addresses(person),
        "open_request": find_open_request(person),
        "note_change": find_last_note_change(person),
        "today": timezone.localdate(),
        "employments": employments,
        "seats": person.seats.select_related("membership__company").order_by(*latest_first),
        "company_contacts": person.company_contacts.select_related("company").order_by(*latest_first),
        "membership_roles": membership_roles,
        "roles_at_employers": [role for role in membership_roles if role.membership.company_id in employers],
        "club_roles": person.club_roles.order_by(*latest_first),
        "mandates": person.mandates.select_related("group").order_by(*latest_first),
        "current_seat": current_seat,
        "seat_companies": sorted({seat.membership.company for seat in current_seats}, key=str),
        "free_membership": free_membership,
        "free_employment": employments.open().filter(company=free_company).first() if free_company else None,
        "seat_givers": find_contact_people(free_company) if free_company else [],
    }


def _list_participations(request: "HttpRequest", person: Person) -> dict[str, Any]:
    """Return the latest registrations and applications of the person, and how many there are."""
    providers = hooks.person_participations.providers()
    rows = [row for provider in providers for row in provider(person, request.user)]
    rows.sort(key=lambda row: row.event.starts_at, reverse=True)
    limit = None if request.GET.get("history") == "all" else MAX_PARTICIPATIONS_SHOWN
    return {"participations": rows[:limit], "participation_count": len(rows)}


@require_POST
def employment_add(request: "HttpRequest", person_id: int) -> "HttpResponse":
    """Add an employment, past or current."""
    require_directory_reader(request.user)
    person = get_object_or_404(Person, pk=person_id)
    form = EmploymentForm(request.POST, prefix="job")
    if not form.is_valid():
        return _render_person(request, person_id, job_form=form)
    values = form.cleaned_data
    if not values.pop("accepts_visit_limits"):
        days = {"starts_on": values["starts_on"], "ends_on": values["ends_on"]}
        # The job cannot be seen on the visits' pages, where it closes the competitors' sites to the person.
        if visit_limits := describe_visit_limits(person=person, company=values["company"], **days):
            return _render_person(request, person_id, job_form=form, visit_limits=visit_limits)
    try:
        add_employment(person=person, **values)
    except InvalidFields as error:
        form.add_errors(error.field_errors)
        return _render_person(request, person_id, job_form=form)
    messages.success(request, _("The job has been added."))
    return redirect("club-person", person_id)


@require_safe_or_post
def employer_change(request: "HttpRequest", person_id: int) -> "HttpResponse":
    """Change the person's employer and name the successors; an address, if entered, is changed too."""
    actor = require_directory_manager(request.user)
    person = get_object_or_404(Person, pk=person_id)
    form = EmployerChangeForm(request.POST or None, person=person, actor=actor)
    if request.method == "POST" and form.is_valid() and _change_employer_and_address(request, form, person):
        return redirect("club-person", person_id)
    holder = find_address_holder(request.POST.get("email", "")) if "email" in form.errors else None
    return render_club_page(request, "employer_change.html", **_load_person(person), form=form, holder=holder)


def _change_employer_and_address(request: "HttpRequest", form: EmployerChangeForm, person: Person) -> bool:
    """Save the form or nothing of it; return False with the errors in the form if it is refused."""
    former_roles = load_person_roles(person)
    notices = [(messages.SUCCESS, _("The change has been saved. Existing bookings are kept."))]
    try:
        with transaction.atomic():
            change_employer(person=person, **form.get_arguments())
            email = form.cleaned_data.get("email")
            if email and form.asks_administrators:
                notices.append(send_request(form, person=person, actor=form.actor))
            elif email:
                _save_new_address(request, person, email, actor=form.actor)
    except InvalidFields as error:
        form.add_errors(error.field_errors)
        return False
    for level, sentence in notices:
        messages.add_message(request, level, sentence)
    warn_of_roles_to_replace(request, person, former_roles=former_roles)
    warn_of_visits_to_decide(request, person)
    return True


# A new address signs in: it needs what the page that edits the person needs. The change of employer is rolled
# back, and made once the reader has signed in again.
@reauthentication_required
def _save_new_address(request: "HttpRequest", person: Person, email: str, *, actor: Person) -> None:
    person.email = email
    update_person(person=person, actor=actor, changed_fields=["email"])
