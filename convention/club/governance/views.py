"""Pages of club roles and plans, for administrators, and of working groups with their mandates."""

from typing import TYPE_CHECKING, Any

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from convention import hooks
from convention.audit.record import record_action
from convention.club.appointments.mails import ROLE_DESCRIPTIONS
from convention.club.companies import save_slugged_row
from convention.club.memberships import list_plans
from convention.club.models import ClubRole, Mandate, Membership, Plan, WorkingGroup
from convention.club.permissions import (
    can_read_directory,
    require_administrator,
    require_directory_reader,
    require_group_reader,
)
from convention.club.views.base import EndQuestion, render_club_page, render_end_question
from convention.errors import InvalidFields
from convention.tables.downloads import TABLE_TYPES, table_response
from convention.web.forms import DateRangeForm
from convention.web.routing import require_safe_or_post

from .club_roles import end_club_role, give_club_role, list_club_roles
from .forms import ClubRoleForm, MandateForm, PlanForm, WorkingGroupForm
from .working_groups import (
    change_mandate_days,
    end_mandate,
    give_mandate,
    list_working_groups,
    load_working_group_page,
    save_working_group,
)

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@require_safe_or_post
@reauthentication_required(allow_get=True)
def club_role_list(request: "HttpRequest") -> "HttpResponse":
    """Show who has which role of the club; a POST gives one."""
    administrator = require_administrator(request.user)
    form = ClubRoleForm(request.POST or None, actor=administrator)
    if request.method == "POST" and form.is_valid():
        try:
            club_role = give_club_role(**form.cleaned_data)
        except InvalidFields as error:
            form.add_errors(error.field_errors)
        else:
            values = {"name": club_role.person, "role": club_role.get_role_display()}
            messages.success(request, _("%(name)s now has the role: %(role)s.") % values)
            return redirect("club-roles")
    context = {
        "roles": list_club_roles(),
        "descriptions": [(role.label, text) for role, text in ROLE_DESCRIPTIONS.items()],
        "administrator": administrator,
        "today": timezone.localdate(),
    }
    return render_club_page(request, "roles.html", form=form, **context)


@require_safe_or_post
@reauthentication_required(allow_get=True)
def club_role_end(request: "HttpRequest", role_id: int) -> "HttpResponse":
    """Ask before a role of the club ends; a POST ends it."""
    administrator = require_administrator(request.user)
    club_role = get_object_or_404(ClubRole.objects.select_related("person"), pk=role_id)
    if request.method != "POST":
        return _ask_before_role_ends(request, club_role)
    revoked = end_club_role(role=club_role, actor=administrator)
    messages.success(request, _("%(name)s’s role has ended.") % {"name": club_role.person})
    if revoked:
        sentence = ngettext(
            "This person’s API token has been revoked.",
            "This person’s %(count)d API tokens have been revoked.",
            revoked,
        )
        messages.success(request, sentence % {"count": revoked})
    return redirect("club-roles")


def _ask_before_role_ends(request: "HttpRequest", club_role: ClubRole) -> "HttpResponse":
    names = {"name": club_role.person, "role": club_role.get_role_display()}
    effects = [
        _("%(name)s loses this access at once, and all of their API tokens are revoked."),
        _("To have the role end on a later day, end it, then give it again with that day under “To”."),
    ]
    if club_role.starts_on > timezone.localdate():
        effects = [_("The role has not started yet. %(name)s will not get it.")]
    question = EndQuestion(
        title=_("End the role"),
        heading=_("End the role of %(name)s (%(role)s)?") % names,
        effects=[effect % names for effect in effects],
        back_label=_("Club roles"),
        back_path=reverse("club-roles"),
        tab="roles",
    )
    return render_end_question(request, question)


@require_safe
def working_group_list(request: "HttpRequest") -> "HttpResponse":
    require_directory_reader(request.user)
    return render_club_page(request, "groups.html", groups=list_working_groups())


@require_safe_or_post
def working_group_create(request: "HttpRequest") -> "HttpResponse":
    require_directory_reader(request.user)
    return _edit_working_group(request, WorkingGroup())


@require_safe_or_post
def working_group_edit(request: "HttpRequest", group: str) -> "HttpResponse":
    require_directory_reader(request.user)
    return _edit_working_group(request, get_object_or_404(WorkingGroup, slug=group))


def _edit_working_group(request: "HttpRequest", group: WorkingGroup) -> "HttpResponse":
    # Read before the form changes the instance: the page names the group as it is stored.
    title = group.name
    form = WorkingGroupForm(request.POST or None, instance=group)
    if request.method == "POST" and form.is_valid():
        try:
            saved = save_working_group(group=form.instance, changed_fields=form.changed_data)
        except InvalidFields as error:
            form.add_errors(error.field_errors)
        else:
            messages.success(request, _("The group has been saved."))
            return redirect("club-group", saved.slug)
    return render_club_page(request, "group_form.html", form=form, title=title, slug=group.slug)


@require_safe_or_post
def working_group_detail(request: "HttpRequest", group: str) -> "HttpResponse":
    """Show a group with its meetings and its mandates; a POST of the directory's readers gives one.

    With the parameter `participants`, return the participants in its last meetings as a list to save.
    """
    group_row = _get_group_to_read(request, group)
    form = MandateForm(request.POST or None, actor=request.user)
    if request.method == "POST":
        actor = require_directory_reader(request.user)
    if request.method == "POST" and form.is_valid():
        try:
            mandate = give_mandate(group=group_row, actor=actor, **form.cleaned_data)
        except InvalidFields as error:
            form.add_errors(error.field_errors)
        else:
            values = {"name": mandate.person, "role": mandate.get_role_display()}
            messages.success(request, _("%(name)s now has the role: %(role)s.") % values)
            return redirect("club-group", group)
    participants = hooks.group_participants.provider()(group_row, request.user, at=timezone.now())
    kind = request.GET.get("participants", "")
    if kind in TABLE_TYPES and participants.meetings:
        count = len(participants.participants)
        record_action("participants.export", group_row, fields=[kind], details={"count": count})
        return table_response(participants.make_sheet(), name=f"{group}-participants", kind=kind)
    context = load_working_group_page(group_row) | {"participants": participants}
    providers = hooks.group_meetings.providers()
    context["meetings"] = [meeting for provider in providers for meeting in provider(group_row, request.user)]
    context["new_meeting_path"] = hooks.new_meeting_page.provider()(group_row, request.user)
    context["reads_directory"] = can_read_directory(request.user)
    return render_club_page(request, "group.html", form=form, **context)


def _get_group_to_read(request: "HttpRequest", slug: str) -> WorkingGroup:
    """Return the group. Raise SignInRequired, Forbidden, or Http404 for those who read all groups."""
    group = WorkingGroup.objects.filter(slug=slug).first()
    if group is None:
        require_directory_reader(request.user)
        raise Http404
    require_group_reader(request.user, group)
    return group


def _get_mandate(slug: str, pk: int) -> Mandate:
    return get_object_or_404(Mandate.objects.select_related("person", "group"), group__slug=slug, pk=pk)


@require_safe_or_post
def mandate_edit(request: "HttpRequest", group: str, mandate: int) -> "HttpResponse":
    """Change first and last day of a mandate."""
    actor = require_directory_reader(request.user)
    mandate_row = _get_mandate(group, mandate)
    days = {"starts_on": mandate_row.starts_on, "ends_on": mandate_row.ends_on}
    form = DateRangeForm(request.POST or None, initial=days)
    if request.method == "POST" and form.is_valid():
        try:
            change_mandate_days(mandate=mandate_row, actor=actor, **form.cleaned_data)
        except InvalidFields as error:
            form.add_errors(error.field_errors)
        else:
            messages.success(request, _("The mandate has been saved."))
            return redirect("club-group", group)
    return render_club_page(request, "mandate_form.html", form=form, mandate=mandate_row)


@require_POST
def mandate_end(request: "HttpRequest", group: str, mandate: int) -> "HttpResponse":
    require_directory_reader(request.user)
    mandate_row = _get_mandate(group, mandate)
    end_mandate(mandate=mandate_row)
    messages.success(request, _("%(name)s’s mandate has ended.") % {"name": mandate_row.person})
    return redirect("club-group", group)


@require_safe
def plan_list(request: "HttpRequest") -> "HttpResponse":
    require_administrator(request.user)
    return render_club_page(request, "plans.html", plans=list_plans())


@require_safe_or_post
def plan_create(request: "HttpRequest") -> "HttpResponse":
    require_administrator(request.user)
    return _edit_plan(request, Plan())


@require_safe_or_post
def plan_edit(request: "HttpRequest", plan: str) -> "HttpResponse":
    """Change a plan; the page says how many memberships keep the earlier terms."""
    require_administrator(request.user)
    plan_row = get_object_or_404(Plan, slug=plan)
    memberships = Membership.objects.filter(plan=plan_row)
    return _edit_plan(request, plan_row, membership_count=memberships.count())


def _edit_plan(request: "HttpRequest", plan: Plan, **context: Any) -> "HttpResponse":
    # Read before the form changes the instance: the page names the plan as it is stored.
    title = plan.title
    form = PlanForm(request.POST or None, instance=plan)
    if request.method == "POST" and form.is_valid():
        try:
            save_slugged_row(row=form.instance, changed_fields=form.changed_data)
        except InvalidFields as error:
            form.add_errors(error.field_errors)
        else:
            messages.success(request, _("The plan has been saved."))
            return redirect("club-plans")
    return render_club_page(request, "plan_form.html", form=form, title=title, **context)
