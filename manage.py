#!/usr/bin/env python
"""The command line of Convention: `manage.py help` lists the commands."""

import os
import sys


def main() -> None:
    """Run one command; settings come from the environment."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "convention.settings")
    from django.core.management import execute_from_command_line  # noqa: PLC0415 (needs the setting)

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
