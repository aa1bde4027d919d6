"""Ports and addresses of this machine on the local network."""

import contextlib
import fcntl
import ipaddress
import socket
import struct

from convention.errors import ConventionError

ANYWHERE_ELSE = "192.0.2.1"  # an address for documentation: asking for the way to it sends nothing

ASK_ADDRESS = 0x8915  # SIOCGIFADDR


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
    found = [address_towards(ANYWHERE_ELSE), *interface_addresses()]
    return list(dict.fromkeys([address for address in found if not is_loopback(address)] + ["127.0.0.1"]))


def address_towards(other: str) -> str:
    """The address of ours that would be used to reach another; loopback where there is no way."""
    family = socket.AF_INET6 if ":" in other else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((other, 9))
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])


def is_own_address(address: str) -> bool:
    """Whether a connection from this address comes from this machine.

    True for loopback and for the addresses of this machine's interfaces: the system would reach its own
    address from that address itself, every other one from another.
    """
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    return parsed.is_loopback or address_towards(str(parsed)) == str(parsed)


def interface_addresses() -> list[str]:
    """The address of each network interface that is up, where the system tells (Linux)."""
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        for _index, name in socket.if_nameindex():
            with contextlib.suppress(OSError):
                answer = fcntl.ioctl(probe, ASK_ADDRESS, struct.pack("256s", name.encode()[:15]))
                found.append(socket.inet_ntoa(answer[20:24]))
    return found


def is_loopback(address: str) -> bool:
    """Whether it leads only to this machine; false for a name."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def host_names() -> list[str]:
    """The names of this machine on the local network, and localhost."""
    name = socket.gethostname().split(".")[0].lower()
    plain = name if name.replace("-", "").isalnum() and name.isascii() else "convention"
    return list(dict.fromkeys(["localhost", plain, f"{plain}.local"]))
