"""Local requests are recognized by their connection; headers can only make a request count as remote."""

import socket

import pytest
from django.test import RequestFactory

from convention.serve.local_network import list_host_names, list_local_addresses
from convention.web.local_requests import FORWARDING_HEADERS, has_local_name, is_from_this_machine

STRANGER = "203.0.113.77"


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1", *list_local_addresses()]
)
def test_loopback_and_own_addresses_are_local(address):
    assert is_from_this_machine(RequestFactory().get("/", REMOTE_ADDR=address))


@pytest.mark.parametrize(
    "address",
    [
        *(STRANGER, f"::ffff:{STRANGER}", "2001:db8::7", "fe80::7%eth0", "0.0.0.0", "255.255.255.255"),
        *("224.0.0.1", "", "localhost", "127.0.0.1, 127.0.0.1", "127.1"),
    ],
)
def test_other_addresses_are_not_local(address):
    assert not is_from_this_machine(RequestFactory().get("/", REMOTE_ADDR=address))


@pytest.mark.parametrize("header", FORWARDING_HEADERS)
def test_request_with_forwarding_header_is_never_local(header):
    for value in ("127.0.0.1", "for=127.0.0.1", "localhost", ""):
        headers = {header: value}
        assert not is_from_this_machine(RequestFactory().get("/", REMOTE_ADDR=STRANGER, headers=headers))
        assert not is_from_this_machine(RequestFactory().get("/", REMOTE_ADDR="127.0.0.1", headers=headers))


def test_remote_addr_header_is_ignored():
    request = RequestFactory().get("/", REMOTE_ADDR=STRANGER, headers={"Remote-Addr": "127.0.0.1"})

    assert not is_from_this_machine(request)


@pytest.mark.parametrize(
    "host",
    [
        "localhost:8000",
        "desk",
        "127.0.0.1:8000",
        "192.168.1.20",
        "[::1]:8000",
        "a.localhost",
        "club.example.org",
    ],
)
def test_local_host_names_are_recognized(settings, host):
    settings.ALLOWED_HOSTS, settings.SITE_URL = ["*"], "https://club.example.org:8443"

    assert has_local_name(RequestFactory().get("/", headers={"Host": host}))


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "a b", ""]
)
def test_foreign_host_names_are_not_local(settings, host):
    settings.ALLOWED_HOSTS = ["*"]
    request = RequestFactory().get("/", headers={"Host": host})

    assert not has_local_name(request)


def test_own_host_names_are_local(settings):
    settings.ALLOWED_HOSTS = ["*"]

    assert all(
        has_local_name(RequestFactory().get("/", headers={"Host": name})) for name in list_host_names()
    )
    assert socket.gethostname() != ""
