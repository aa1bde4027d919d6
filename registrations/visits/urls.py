"""Addresses."""

from typing import Any

pages: list[Any] = []
