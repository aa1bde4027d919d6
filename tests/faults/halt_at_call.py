"""`python -m tests.faults.halt_at_call MARK FUNCTION TIMES ARGUMENTS ...`: manage.py, halting at a function.

FUNCTION is a dotted path, module and name; at its nth call MARK is written and the process sleeps, so that a
test can kill it at exactly that point.
"""

import os
import sys
import time
from pathlib import Path

import django
from django.core.management import execute_from_command_line
from django.utils.module_loading import import_string


def main(mark: str, path: str, times: str, *arguments: str) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "convention.settings")
    django.setup()
    owner, name = path.rsplit(".", 1)
    holder = sys.modules.get(owner) or import_module_or_class(owner)
    real, calls = getattr(holder, name), []

    def halting(*given, **named):
        calls.append(1)
        if len(calls) >= int(times):
            Path(mark).write_text("here")
            time.sleep(600)
        return real(*given, **named)

    setattr(holder, name, halting)
    execute_from_command_line(["manage.py", *arguments])


def import_module_or_class(path: str):
    try:
        __import__(path)
        return sys.modules[path]
    except ImportError:
        return import_string(path)


if __name__ == "__main__":
    main(*sys.argv[1:])
