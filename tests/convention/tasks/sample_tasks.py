"""Tasks that tests queue."""

import time
from pathlib import Path

from django.tasks import task

from convention.errors import NotOpenNow

ANSWERS: list[str] = []


@task
def answer(text: str) -> None:
    ANSWERS.append(text)


@task
def fail_twice() -> None:
    ANSWERS.append("tried")
    if len(ANSWERS) < 3:
        raise OSError("the mail server does not answer")


@task
def decide_no() -> None:
    raise NotOpenNow("Registration is over.")


@task
def fail_always() -> None:
    raise OSError("never")


@task
def fail_with_a_link() -> None:
    raise ValueError(f"no such page: /orders/ABCDEFGH/{'s' * 43}/ of ana@example.org")


def beat() -> None:
    ANSWERS.append("beat")


def stumble() -> None:
    raise ValueError("stumbled")


@task
def last(marks: str, seconds: float) -> None:
    """Sleep, and write when it began and ended."""
    with Path(marks).open("a") as file:
        file.write("begun ")
        file.flush()
        time.sleep(seconds)
        file.write("ended ")
