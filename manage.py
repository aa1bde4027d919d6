#!/usr/bin/env python
"""The command line of Convention: `manage.py help` lists the commands."""

import os
import sys

BAD_INPUT = 2


def main() -> None:
    """Run one command; settings come from the environment."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "convention.settings")
    try:
        from django.core.exceptions import ImproperlyConfigured  # noqa: PLC0415 (needs the setting) (needs the setting)
        from django.core.management import execute_from_command_line  # noqa: PLC0415 (needs the setting)
    except ImportError:
        refuse(
            "Django is not installed for this Python: run `make run` once, then `.venv/bin/python manage.py`."
        )
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        refuse(str(error))


def refuse(sentence: str) -> None:
    """Say why not, and leave with 2."""
    print(sentence, file=sys.stderr)
    sys.exit(BAD_INPUT)


if __name__ == "__main__":
    main()
