"""Misbehaving parsers for the tests of the child process."""

import os
import time

from django.utils.translation import gettext as _

from convention.errors import ConventionError, NotFound


class BadCells(ConventionError):
    """An error whose constructor takes no sentence."""

    def __init__(self, rows: list[int]) -> None:
        super().__init__(_("Choose a file."))
        self.rows = rows


def shout(content: bytes, mark: str = "") -> str:
    return content.decode().upper() + mark


def refuse_cells(rows: list[int]) -> None:
    raise BadCells(rows)


def refuse() -> None:
    raise NotFound("nothing here")


def crash() -> float:
    return 1 / 0


def spin() -> None:
    while True:
        pass


def wait() -> None:
    time.sleep(300)


def hoard() -> int:
    return len(b"x" * 2**31)


def recurse() -> None:
    recurse()


def abort() -> None:
    os.abort()


def flood() -> bytes:
    return bytes(160 * 1024 * 1024)


def environment() -> list[str]:
    return list(os.environ)


def chatter() -> str:
    print("much ado")
    return "done"
