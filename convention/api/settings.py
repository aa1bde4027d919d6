"""Settings of DRF and drf-spectacular, imported by `convention.settings`."""

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["convention.api.authentication.BearerTokenAuthentication"],
    # A view without permission classes of its own requires authentication, so that
    # forgetting them exposes nothing.
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_THROTTLE_CLASSES": ["convention.api.throttles.TokenThrottle"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["convention.api.parsers.StrictJsonParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PAGINATION_CLASS": "convention.api.pagination.ApiCursorPagination",
    "PAGE_SIZE": 100,
    "EXCEPTION_HANDLER": "convention.api.problems.handle_api_exception",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Convention",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    # Bodies of PATCH are serializers of their own, with names of their own.
    "COMPONENT_SPLIT_PATCH": False,
    # Served from our own static files: the content security policy allows no other host.
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        # Last, since it reads the finished paths.
        "convention.api.openapi.describe_problems",
    ],
    # Without names, drf-spectacular would make them of a hash, and generated clients would change with it.
    "ENUM_NAME_OVERRIDES": {
        "BookingState": ["confirmed", "pending", "cancelled", "expired"],
        "Fullness": ["free", "filling", "full"],
        "KindEnum": "convention.events.models.Event.Kind",
        "CheckpointKind": [
            "entrance",
            "session",
            "meal",
            "visit",
            "assembly",
            "coach",
            "exit",
            "other",
        ],
        "BadgeState": ["confirmed", "cancelled", "merged"],
        "ScanVerdict": ["admitted", "already_in", "refused", "unverified", "action"],
        "ScanDirection": ["in", "out"],
        "ScheduleConflictKind": "schedule.conflicts.kinds.ConflictKind",
        "ScheduleConflictLevel": ["block", "warn"],
        "SessionRole": "schedule.models.Session.Role",
        "PublicationNotify": ["everybody", "nobody"],
    },
}
