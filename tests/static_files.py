"""List the static files once for all test clients.

Each client starts the middleware anew, and WhiteNoise then lists three hundred files: in almost every test.
"""

from typing import Any

from whitenoise.middleware import WhiteNoiseMiddleware


def share_static_files() -> None:
    """Replace WhiteNoise's listing of the files that the finders find."""
    list_files = WhiteNoiseMiddleware.add_files_from_finders
    listed: dict[str, Any] = {}

    def add_listed_files(middleware: WhiteNoiseMiddleware) -> None:
        if not listed:
            list_files(middleware)
            listed.update(middleware.files)
        middleware.files.update(listed)

    WhiteNoiseMiddleware.add_files_from_finders = add_listed_files
