"""Ports and addresses of this machine on the local network."""

import contextlib
import fcntl
import ipaddress
import socket
import struct

from convention.errors import ConventionError

# Reserved for documentation. A UDP connect looks up the route and sends nothing.
DOCUMENTATION_ADDRESS = "192.0.2.1"
# The request "get interface address" of netdevice(7).
SIOCGIFADDR = 0x8915


class PortInUse(ConventionError):
    """Another program listens on the port."""

    kind = "port-taken"


def check_port_is_free(host: str, port: int) -> None:
    """Raise PortInUse, with the sentence to print, if something listens there."""
    with socket.socket() as probe:
        # Otherwise closed connections of the last run would keep the port taken for a minute.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OverflowError as error:
            raise PortInUse(f"{port} is no port: choose one from 1024 to 65535.") from error
        except PermissionError as error:
            raise PortInUse(f"Port {port} is only for the administrator: choose one above 1023.") from error
        except OSError as error:
            other = port + 1 if port < 65000 else 8000
            raise PortInUse(
                f"Port {port} is taken by another program, or by a Convention that already runs: "
                f"stop that one, or choose another port with PORT={other}."
            ) from error


def list_local_addresses() -> list[str]:
    """Return the IPv4 addresses of this machine, the one that others reach first, loopback last."""
    # First the address of the interface with the default route, which phones can usually reach.
    found = [find_source_address(DOCUMENTATION_ADDRESS), *list_interface_addresses()]
    return list(dict.fromkeys([address for address in found if not is_loopback(address)] + ["127.0.0.1"]))


def find_source_address(destination: str) -> str:
    """Return our address towards another address; loopback if there is no route."""
    family = socket.AF_INET6 if ":" in destination else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((destination, 9))
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])


def is_own_address(address: str) -> bool:
    """Return whether a connection from this address comes from this machine.

    True for loopback and for the addresses of this machine's interfaces: the source of a connection to an own
    address is that address itself; of a connection to another address, it is a different one.
    """
    try:
        # Without the zone of a link-local IPv6 address, such as fe80::1%eth0.
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    # A socket for both protocols reports IPv4 clients as ::ffff:192.0.2.1.
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    return parsed.is_loopback or find_source_address(str(parsed)) == str(parsed)


def list_interface_addresses() -> list[str]:
    """Return the address of each network interface that is up (Linux only)."""
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        for _index, name in socket.if_nameindex():
            # An interface without an IPv4 address, or one that went down meanwhile.
            with contextlib.suppress(OSError):
                # Names of interfaces have at most 15 characters; the address is at byte 20 of `struct ifreq`.
                reply = fcntl.ioctl(probe, SIOCGIFADDR, struct.pack("256s", name.encode()[:15]))
                found.append(socket.inet_ntoa(reply[20:24]))
    return found


def is_local_host(host: str) -> bool:
    """Return whether a host of an address leads only to this machine: localhost, or a loopback address."""
    return host == "localhost" or is_loopback(host)


def is_loopback(address: str) -> bool:
    """Return whether an address leads only to this machine; false for a name."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def list_host_names() -> list[str]:
    """Return the names of this machine on the local network, and localhost."""
    name = socket.gethostname().split(".")[0].lower()
    # Other names could not be part of a certificate.
    host_name = name if name.replace("-", "").isalnum() and name.isascii() else "convention"
    return list(dict.fromkeys(["localhost", host_name, f"{host_name}.local"]))
