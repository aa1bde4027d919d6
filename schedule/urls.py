from typing import Any

from django.urls import path
from django.utils.translation import gettext_lazy as _

from convention.events.models import Event
from convention.web.routing import OrganizerPage, PageGroup

from .api.cancellation_views import SessionCancelView, SessionRestoreView
from .api.draft_views import DraftConflictsView, DraftSlotsView, DraftUndoView, DraftView
from .api.proposal_views import ProposalListView
from .api.publish_views import PublishView
from .api.room_views import RoomListView, RoomView
from .api.session_views import SessionCollectionView, SessionView
from .api.speaker_views import SpeakerListView, SpeakerView
from .board import json_views as board_json
from .board import views as board_views
from .conflicts import views as conflict_views
from .editing import session_views
from .editing import views as editing_views
from .exchange import views as exchange_views
from .personal import views as personal_views
from .plan_runs import explain_views
from .plan_runs import views as planning_views
from .prints import public_views as public_print_views
from .prints import views as print_views
from .programme import embedded_views, feed_views
from .programme import views as programme_views
from .proposals import organizer_views as organizer_proposal_views
from .proposals import review_views
from .proposals import views as proposal_views
from .speakers import mail_views, organizer_views, slide_views
from .speakers import views as speaker_views
from .versions import history_views
from .versions import public_views as public_version_views
from .versions import views as version_views

pages: list[Any] = [
    path("organize/<slug:event>/schedule/", session_views.session_list, name="organize-schedule"),
    path("organize/<slug:event>/schedule/new/", session_views.session_add, name="organize-session-new"),
    path("organize/<slug:event>/schedule/<int:number>/", session_views.session_edit, name="organize-session"),
    path(
        "organize/<slug:event>/schedule/<int:number>/cancel/",
        session_views.session_cancel,
        name="organize-session-cancel",
    ),
    path(
        "organize/<slug:event>/schedule/<int:number>/restore/",
        session_views.session_restore,
        name="organize-session-restore",
    ),
    path(
        "organize/<slug:event>/schedule/<int:number>/remove/",
        session_views.session_remove,
        name="organize-session-remove",
    ),
    path("organize/<slug:event>/schedule/tracks/", editing_views.track_list, name="organize-tracks"),
    path("organize/<slug:event>/schedule/tracks/<int:pk>/", editing_views.track_edit, name="organize-track"),
    path(
        "organize/<slug:event>/schedule/tracks/<int:pk>/move/",
        editing_views.track_move,
        name="organize-track-move",
    ),
    path(
        "organize/<slug:event>/schedule/tracks/<int:pk>/remove/",
        editing_views.track_remove,
        name="organize-track-remove",
    ),
    path("organize/<slug:event>/schedule/speakers/", organizer_views.speaker_list, name="organize-speakers"),
    path(
        "organize/<slug:event>/schedule/speakers/new/",
        organizer_views.speaker_edit,
        name="organize-speaker-new",
    ),
    path(
        "organize/<slug:event>/schedule/speakers/addresses/",
        organizer_views.speaker_addresses,
        name="organize-speaker-addresses",
    ),
    path(
        "organize/<slug:event>/schedule/speakers/<int:pk>/",
        organizer_views.speaker_edit,
        name="organize-speaker",
    ),
    path(
        "organize/<slug:event>/schedule/speakers/<int:pk>/remove/",
        organizer_views.speaker_remove,
        name="organize-speaker-remove",
    ),
    path(
        "organize/<slug:event>/schedule/conflicts/",
        conflict_views.conflict_list,
        name="organize-schedule-conflicts",
    ),
    path(
        "organize/<slug:event>/schedule/conflicts/fix/",
        conflict_views.conflict_fix,
        name="organize-schedule-conflict-fix",
    ),
    path(
        "organize/<slug:event>/schedule/conflicts/undo/",
        conflict_views.conflict_undo,
        name="organize-schedule-conflict-undo",
    ),
    path(
        "organize/<slug:event>/schedule/rules/",
        conflict_views.planning_rules,
        name="organize-schedule-rules",
    ),
    path(
        "organize/<slug:event>/schedule/rooms/<int:pk>/",
        conflict_views.room_planning,
        name="organize-schedule-room",
    ),
    path(
        "organize/<slug:event>/schedule/speakers/<int:pk>/times/",
        conflict_views.speaker_times,
        name="organize-speaker-times",
    ),
    path(
        "organize/<slug:event>/schedule/speakers/<int:pk>/availability/",
        organizer_views.speaker_availability,
        name="organize-speaker-availability",
    ),
    path(
        "organize/<slug:event>/schedule/speakers/<int:pk>/photo/",
        organizer_views.speaker_photo,
        name="organize-speaker-photo",
    ),
    path(
        "organize/<slug:event>/schedule/speakers/<int:pk>/photo.jpg",
        organizer_views.speaker_photo_file,
        name="organize-speaker-photo-file",
    ),
    path(
        "organize/<slug:event>/schedule/speakers/<int:pk>/send-link/",
        organizer_views.speaker_link_send,
        name="organize-speaker-link-send",
    ),
    path(
        "organize/<slug:event>/schedule/speakers/<int:pk>/revoke-link/",
        organizer_views.speaker_link_revoke,
        name="organize-speaker-link-revoke",
    ),
    path(
        "organize/<slug:event>/schedule/speakers/mail/",
        mail_views.speaker_mailing_list,
        name="organize-speaker-mailings",
    ),
    path(
        "organize/<slug:event>/schedule/speakers/mail/new/",
        mail_views.speaker_mailing_compose,
        name="organize-speaker-mailing-new",
    ),
    path(
        "organize/<slug:event>/schedule/speakers/mail/<int:pk>/",
        mail_views.speaker_mailing_detail,
        name="organize-speaker-mailing",
    ),
    path(
        "organize/<slug:event>/schedule/version/",
        editing_views.schedule_settings,
        name="organize-schedule-settings",
    ),
    path("organize/<slug:event>/schedule/board/", board_views.board_page, name="organize-board"),
    path("organize/<slug:event>/schedule/board/data/", board_json.board_data, name="organize-board-data"),
    path(
        "organize/<slug:event>/schedule/board/moves/",
        board_json.board_moves,
        name="organize-board-moves",
    ),
    path(
        "organize/<slug:event>/schedule/board/costs/",
        board_json.board_costs,
        name="organize-board-costs",
    ),
    path("organize/<slug:event>/schedule/board/undo/", board_json.board_undo, name="organize-board-undo"),
    path("organize/<slug:event>/schedule/board/redo/", board_json.board_redo, name="organize-board-redo"),
    path(
        "organize/<slug:event>/schedule/board/journal/",
        board_json.board_journal,
        name="organize-board-journal",
    ),
    path("organize/<slug:event>/schedule/board/block/", board_views.board_block, name="organize-board-block"),
    path("organize/<slug:event>/schedule/board/break/", board_views.board_break, name="organize-board-break"),
    path("organize/<slug:event>/schedule/board/paste/", board_views.board_paste, name="organize-board-paste"),
    path("organize/<slug:event>/schedule/board/frame/", board_views.board_frame, name="organize-board-frame"),
    path("organize/<slug:event>/schedule/import/", exchange_views.import_upload_page, name="organize-import"),
    path(
        "organize/<slug:event>/schedule/import/<str:token>/",
        exchange_views.import_preview_page,
        name="organize-import-preview",
    ),
    path("organize/<slug:event>/schedule/plan/", planning_views.plan_page, name="organize-plan"),
    path(
        "organize/<slug:event>/schedule/plan/<int:pk>/",
        planning_views.plan_run_page,
        name="organize-plan-run",
    ),
    path(
        "organize/<slug:event>/schedule/plan/<int:pk>/stop/",
        planning_views.plan_run_stop,
        name="organize-plan-run-stop",
    ),
    path(
        "organize/<slug:event>/schedule/plan/<int:pk>/adopt/",
        planning_views.plan_run_adopt,
        name="organize-plan-run-adopt",
    ),
    path(
        "organize/<slug:event>/schedule/plan/<int:pk>/delete/",
        planning_views.plan_run_delete,
        name="organize-plan-run-delete",
    ),
    path(
        "organize/<slug:event>/schedule/plan/explain/<int:number>/",
        explain_views.session_places,
        name="organize-plan-explain",
    ),
    path(
        "organize/<slug:event>/schedule/plan/explain/<int:number>/move/",
        explain_views.session_place,
        name="organize-plan-place",
    ),
    path("organize/<slug:event>/schedule/publish/", version_views.publish_page, name="organize-publish"),
    path("organize/<slug:event>/schedule/versions/", version_views.version_list, name="organize-versions"),
    path(
        "organize/<slug:event>/schedule/versions/<int:number>/restore/",
        version_views.version_restore,
        name="organize-version-restore",
    ),
    path("organize/<slug:event>/schedule/print/", print_views.print_page, name="organize-print"),
    path(
        "organize/<slug:event>/schedule/print/<int:pk>/",
        print_views.print_detail,
        name="organize-print-file",
    ),
    path(
        "organize/<slug:event>/schedule/print/<int:pk>/file/",
        print_views.print_file,
        name="organize-print-download",
    ),
    path(
        "organize/<slug:event>/schedule/history/",
        history_views.history_page,
        name="organize-schedule-history",
    ),
    path(
        "organize/<slug:event>/schedule/history/undo/",
        history_views.history_undo,
        name="organize-schedule-undo",
    ),
    path(
        "organize/<slug:event>/schedule/history/redo/",
        history_views.history_redo,
        name="organize-schedule-redo",
    ),
    path("events/<slug:event>/agenda/", programme_views.agenda_page, name="agenda"),
    path("events/<slug:event>/agenda/worker.js", programme_views.agenda_worker, name="agenda-worker"),
    path("events/<slug:event>/agenda/embedded/", embedded_views.embedded_agenda, name="agenda-embedded"),
    path("events/<slug:event>/agenda.ics", feed_views.programme_feed, {"fmt": "ics"}, name="agenda-ics"),
    path("events/<slug:event>/agenda.xml", feed_views.programme_feed, {"fmt": "frab-xml"}, name="agenda-xml"),
    path(
        "events/<slug:event>/agenda.json", feed_views.programme_feed, {"fmt": "frab-json"}, name="agenda-json"
    ),
    path("events/<slug:event>/agenda.pdf", public_print_views.agenda_pdf, name="agenda-pdf"),
    path("events/<slug:event>/agenda/changes/", public_version_views.changes_page, name="agenda-changes"),
    path(
        "events/<slug:event>/agenda/changes.atom",
        public_version_views.changes_feed,
        name="agenda-changes-feed",
    ),
    path("events/<slug:event>/agenda/choose/", personal_views.session_choose, name="session-choose"),
    path("events/<slug:event>/agenda/mine/", personal_views.own_agenda_page, name="own-agenda"),
    path("events/<slug:event>/agenda/mine/new/", personal_views.own_agenda_create, name="own-agenda-create"),
    path("events/<slug:event>/agenda/mine.pdf", personal_views.own_agenda_pdf, name="own-agenda-pdf"),
    # Before the page of a token, which would take “renew” for one.
    path(
        "events/<slug:event>/agenda/mine/renew/", personal_views.agenda_link_renew, name="agenda-link-renew"
    ),
    path(
        "events/<slug:event>/agenda/mine/<str:token>.ics",
        personal_views.personal_agenda_feed,
        name="own-agenda-feed",
    ),
    path(
        "events/<slug:event>/agenda/mine/<str:token>/",
        personal_views.shared_agenda_page,
        name="shared-agenda",
    ),
    path(
        "events/<slug:event>/agenda/mine/<str:token>/keep/",
        personal_views.agenda_adopt,
        name="agenda-adopt",
    ),
    path("events/<slug:event>/sessions/<uuid:guid>/", programme_views.session_page, name="session"),
    path("events/<slug:event>/speakers/", programme_views.speaker_list_page, name="speakers"),
    path("events/<slug:event>/speakers/<uuid:guid>/", programme_views.speaker_page, name="speaker"),
    path(
        "events/<slug:event>/speakers/<uuid:guid>/photo.jpg",
        speaker_views.speaker_public_photo,
        name="speaker-photo",
    ),
    path(
        "events/<slug:event>/sessions/<uuid:guid>/files/<int:pk>/",
        slide_views.session_file,
        name="session-file",
    ),
    path(
        "organize/<slug:event>/schedule/files/<int:pk>/",
        slide_views.organizer_session_file,
        name="organize-session-file",
    ),
    path(
        "organize/<slug:event>/schedule/files/<int:pk>/toggle/",
        slide_views.session_file_toggle,
        name="organize-session-file-toggle",
    ),
    path("speakers/<str:token>/slides/", slide_views.speaker_slides, name="speaker-slides"),
    path(
        "speakers/<str:token>/slides/<int:pk>/",
        slide_views.speaker_slides_file,
        name="speaker-slides-file",
    ),
    path("events/<slug:event>/proposals/", proposal_views.call_page, name="call-for-proposals"),
    path("proposals/<str:token>/", proposal_views.own_proposal_page, name="own-session-proposal"),
    path(
        "organize/<slug:event>/schedule/proposals/",
        organizer_proposal_views.proposal_list,
        name="organize-session-proposals",
    ),
    path(
        "organize/<slug:event>/schedule/proposals/call/",
        organizer_proposal_views.call_edit,
        name="organize-call",
    ),
    path(
        "organize/<slug:event>/schedule/proposals/call/mails/",
        organizer_proposal_views.call_mails,
        name="organize-call-mails",
    ),
    path(
        "organize/<slug:event>/schedule/proposals/decide/",
        organizer_proposal_views.proposal_decide,
        name="organize-session-proposals-decide",
    ),
    path(
        "organize/<slug:event>/schedule/proposals/<int:pk>/",
        organizer_proposal_views.proposal_detail,
        name="organize-session-proposal",
    ),
    path("review/", review_views.review_events, name="review-events"),
    path("review/<slug:event>/", review_views.review_queue, name="review-queue"),
    path("review/<slug:event>/<int:pk>/", review_views.review_proposal, name="review-proposal"),
    path("speakers/<str:token>/", speaker_views.speaker_own_page, name="speaker-page"),
    path("speakers/<str:token>/photo.jpg", speaker_views.speaker_own_photo, name="speaker-page-photo"),
]
endpoints: list[Any] = [
    path("events/<slug:event>/sessions/", SessionCollectionView.as_view(), name="api-sessions"),
    path("events/<slug:event>/sessions/<uuid:guid>/", SessionView.as_view(), name="api-session"),
    path(
        "events/<slug:event>/sessions/<uuid:guid>/cancel/",
        SessionCancelView.as_view(),
        name="api-session-cancel",
    ),
    path(
        "events/<slug:event>/sessions/<uuid:guid>/restore/",
        SessionRestoreView.as_view(),
        name="api-session-restore",
    ),
    path("events/<slug:event>/draft/", DraftView.as_view(), name="api-draft"),
    path("events/<slug:event>/draft/slots/", DraftSlotsView.as_view(), name="api-draft-slots"),
    path("events/<slug:event>/draft/undo/", DraftUndoView.as_view(), name="api-draft-undo"),
    path("events/<slug:event>/draft/conflicts/", DraftConflictsView.as_view(), name="api-draft-conflicts"),
    path("events/<slug:event>/proposals/", ProposalListView.as_view(), name="api-session-proposals"),
    path("events/<slug:event>/speakers/", SpeakerListView.as_view(), name="api-speakers"),
    path("events/<slug:event>/speakers/<uuid:guid>/", SpeakerView.as_view(), name="api-speaker"),
    path("events/<slug:event>/rooms/", RoomListView.as_view(), name="api-rooms"),
    path("events/<slug:event>/rooms/<int:pk>/", RoomView.as_view(), name="api-room"),
    path("events/<slug:event>/publish/", PublishView.as_view(), name="api-publish"),
]
organizer_pages = [
    OrganizerPage("organize-schedule", _("Programme"), 30, PageGroup.PROGRAMME),
    OrganizerPage(
        "organize-session-proposals",
        _("Call for proposals"),
        31,
        PageGroup.PROGRAMME,
        kinds=(Event.Kind.CONVENTION,),
    ),
]
