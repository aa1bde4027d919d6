"""List the proposals of sessions for organizers' programs."""

from typing import Any, Final

from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from convention.api.bodies import render_bodies
from convention.api.pagination import ApiCursorPagination
from convention.api.reading_audit import record_api_read
from schedule.models import SessionProposal
from schedule.proposals.calls import find_call
from schedule.proposals.overview import ProposalRow, load_proposal_rows, query_proposals

from .access import PlanningView, open_event

PROPOSAL_EXAMPLE: Final = OpenApiExample(
    "A proposal",
    value={
        "id": 12,
        "title": "Leaving three data centres",
        "abstract": "What worked, and what did not.",
        "track": "Cloud",
        "format": "Conférence",
        "minutes": 45,
        "language": "fr",
        "is_case_study": True,
        "customer": "Banque du Midi",
        "state": "submitted",
        "submitted_at": "2027-01-10T09:00:00Z",
        "session": None,
        "speakers": [{"name": "Ada Byron", "company": "Banque du Midi"}],
        "score": 4.25,
        "review_count": 2,
    },
    response_only=True,
)


class ProposalSpeakerResponse(serializers.Serializer[Any]):
    """A speaker of a proposal, without address."""

    name = serializers.CharField()
    company = serializers.CharField()


@extend_schema_serializer(examples=[PROPOSAL_EXAMPLE])
class ProposalResponse(serializers.Serializer[ProposalRow]):
    """A proposal; score and number of reviews leave out reviewers with a conflict of interest.

    `score` is null without a review, and if the token's owner has a conflict of interest.
    """

    id = serializers.IntegerField(source="proposal.pk")
    title = serializers.CharField(source="proposal.title")
    abstract = serializers.CharField(source="proposal.abstract")
    track = serializers.SerializerMethodField()
    format = serializers.CharField(source="proposal.format.name")
    minutes = serializers.IntegerField(source="proposal.format.minutes")
    language = serializers.CharField(source="proposal.language")
    is_case_study = serializers.BooleanField(source="proposal.is_case_study")
    customer = serializers.CharField(source="proposal.customer")
    state = serializers.ChoiceField(choices=SessionProposal.State.choices, source="proposal.state")
    submitted_at = serializers.DateTimeField(source="proposal.submitted_at")
    session = serializers.SerializerMethodField(help_text="The guid of the session that it became.")
    speakers = ProposalSpeakerResponse(many=True)
    score = serializers.SerializerMethodField()
    review_count = serializers.IntegerField()

    def get_track(self, row: ProposalRow) -> str | None:
        return row.proposal.track.name if row.proposal.track else None

    @extend_schema_field(serializers.UUIDField(allow_null=True))
    def get_session(self, row: ProposalRow) -> str | None:
        return str(row.proposal.session.guid) if row.proposal.session else None

    def get_score(self, row: ProposalRow) -> float | None:
        return None if row.conflict else row.score_number


class ProposalListView(PlanningView, GenericAPIView[Any]):
    pagination_class = ApiCursorPagination
    serializer_class = ProposalResponse

    @extend_schema(
        responses=ProposalResponse(many=True),
        examples=[PROPOSAL_EXAMPLE],
        tags=["schedule"],
        operation_id="proposals",
    )
    def get(self, request: Request, event: str) -> Response:
        """Return the proposals of the event's call, page by page."""
        event_obj, person = open_event(request, event)
        record_api_read("session_proposals.read", token=request.auth, event=event_obj)
        call = find_call(event_obj)
        proposals = query_proposals(call).order_by("pk") if call else SessionProposal.objects.none()
        page = self.paginate_queryset(proposals) or []
        rows = load_proposal_rows(call, reader=person, proposals=page) if call else []
        return self.get_paginated_response(render_bodies(ProposalResponse, rows))
