"""Ports and addresses of this machine on the local network."""

import contextlib
import ipaddress
import socket

from convention.errors import ConventionError

ANYWHERE_ELSE = "192.0.2.1"  # an address for documentation: asking for the way to it sends nothing


class PortTaken(ConventionError):
    """Another program listens there."""

    kind = "port-taken"


def require_free_port(host: str, port: int) -> None:
    """Raise PortTaken, with the sentence to print, if something listens there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OverflowError as error:
            raise PortTaken(f"{port} is no port: choose one from 1024 to 65535.") from error
        except PermissionError as error:
            raise PortTaken(f"Port {port} is only for the administrator: choose one above 1023.") from error
        except OSError as error:
            other = port + 1 if port < 65000 else 8000
            raise PortTaken(
                f"Port {port} is taken by another program: stop that one, "
                f"or choose another port with `make run PORT={other}`."
            ) from error


def local_addresses() -> list[str]:
    """IPv4 addresses of this machine, the one that others on the network reach first; loopback last."""
    found = [address_towards(ANYWHERE_ELSE)]
    with contextlib.suppress(OSError):
        entries = socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)
        found += sorted(entry[4][0] for entry in entries if isinstance(entry[4][0], str))
    return list(dict.fromkeys([address for address in found if not is_loopback(address)] + ["127.0.0.1"]))


def address_towards(other: str) -> str:
    """The address of ours that would be used to reach another."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((other, 9))
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])


def is_loopback(address: str) -> bool:
    """Whether it leads only to this machine."""
    return ipaddress.ip_address(address).is_loopback


def host_names() -> list[str]:
    """The names of this machine on the local network, and localhost."""
    name = socket.gethostname().split(".")[0].lower()
    plain = name if name.replace("-", "").isalnum() and name.isascii() else "convention"
    return list(dict.fromkeys(["localhost", plain, f"{plain}.local"]))
