"""Copy tickets, add-ons, packages and questions to another event. Vouchers are personal and not copied."""

from convention.events.publishing.copy_event import EventCopy
from registrations.models import (
    ConsentText,
    Package,
    PriceStep,
    Question,
    QuestionOption,
    Quota,
    RefundRule,
    Ticket,
    WaitingPolicy,
)

SALE_PERIOD = ("opens_at", "closes_at")


def copy_registration_settings(event_copy: EventCopy) -> None:
    """Copy tickets, add-ons, packages, questions, refund rules and the rules of waiting lists."""
    event = event_copy.source
    _copy_sale_items(event_copy)
    event_copy.copy_rows(RefundRule.objects.filter(event=event), links={"ticket": Ticket})
    event_copy.copy_rows(WaitingPolicy.objects.filter(event=event))
    _copy_questions(event_copy)


def _copy_sale_items(event_copy: EventCopy) -> None:
    event = event_copy.source
    event_copy.copy_rows(Quota.objects.filter(event=event), reserved=0)
    event_copy.copy_rows(event.tickets.all(), moments=SALE_PERIOD, links={"quota": Quota}, reserved=0)
    price_steps = PriceStep.objects.filter(ticket__event=event)
    event_copy.copy_rows(price_steps, moments=("ends_at",), links={"ticket": Ticket})
    addons = list(event.addons.all())
    event_copy.copy_rows(addons, moments=SALE_PERIOD, reserved=0)
    event_copy.copy_links(addons, "tickets", Ticket)
    packages = Package.objects.filter(event=event)
    included = {"pass_ticket": Ticket, "badge_ticket": Ticket}
    event_copy.copy_rows(packages, moments=SALE_PERIOD, links=included, reserved=0)


def _copy_questions(event_copy: EventCopy) -> None:
    questions = list(Question.objects.filter(event=event_copy.source))
    # `shown_after_option` is set below: the copy of the option does not exist yet.
    event_copy.copy_rows(questions, shown_after_option_id=None)
    event_copy.copy_links(questions, "tickets", Ticket)
    options = QuestionOption.objects.filter(question__in=questions)
    event_copy.copy_rows(options, links={"question": Question}, reserved=0)
    texts = ConsentText.objects.filter(question__in=questions)
    event_copy.copy_rows(texts, links={"question": Question})
    for question in questions:
        if option := event_copy.find_copy(QuestionOption, question.shown_after_option_id):
            Question.objects.filter(pk=event_copy.find_copy(Question, question.pk).pk).update(
                shown_after_option=option
            )
