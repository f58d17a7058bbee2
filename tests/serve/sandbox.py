"""Run a command as systemd would with the unit of docs/deploy.md, as far as that goes without
systemd: `python sandbox.py UNIT WRITABLE TEMPORARY COMMAND...`, in user and mount namespaces of its
own.

All is read-only but one folder and one for temporary files, no capability is left, and the filters
of system calls are those that the unit asks for, made by libseccomp as systemd makes them
(src/shared/seccomp-util.c). Not here: what hides devices, processes and other folders.
"""

import ctypes
import ctypes.util
import errno
import os
import socket
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

ALLOW, ERRNO = 0x7FFF0000, 0x00050000
EQUAL, MASKED_EQUAL = 4, 7  # libseccomp's comparisons
WRITE, EXECUTE, SHM_EXECUTE = 2, 4, 0o100000
# The kinds of namespaces that clone(2) makes.
NAMESPACES = (
    *(0x80, 0x20000, 0x2000000, 0x4000000),
    *(0x8000000, 0x10000000, 0x20000000, 0x40000000),
)
FAMILIES = 46  # of sockets, in linux/socket.h
NO_NEW_PRIVILEGES, DROP_FROM_BOUNDING_SET, CAPABILITIES = 38, 24, 64
# mount(2) and mount_setattr(2), which has the same number on every machine
MOUNT_SETATTR, RECURSIVE, BIND, READ_ONLY, HERE = 442, 0x8000, 0x1000, 1, -100

Condition = tuple[int, int, int, int]  # argument, comparison, mask or value, value


def settings(unit: str) -> dict[str, list[str]]:
    """Return the values of each key of a unit, in their order."""
    found: dict[str, list[str]] = {}
    for line in unit.splitlines():
        if "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


def allowed_calls(filters: Iterable[str]) -> set[str]:
    """Return the system calls that lines of SystemCallFilter allow, the first one a list of what is
    allowed."""
    listed = subprocess.run(
        ["systemd-analyze", "syscall-filter", "--no-pager"], capture_output=True, text=True
    ).stdout
    groups: dict[str, list[str]] = {}
    for line in listed.splitlines():
        if line.startswith("@"):
            members = groups.setdefault(line, [])
        elif line.startswith("    ") and "#" not in line:
            members.append(line.strip())

    def calls(name: str) -> set[str]:
        if not name.startswith("@"):
            return {name}
        return set().union(*map(calls, groups[name]))

    found = calls("@default")
    for line in filters:
        named = set().union(*map(calls, line.lstrip("~").split()))
        found = found - named if line.startswith("~") else found | named
    return found


class Comparison(ctypes.Structure):
    """A `struct scmp_arg_cmp`."""

    _fields_ = (
        ("argument", ctypes.c_uint),
        ("comparison", ctypes.c_int),
        ("first", ctypes.c_uint64),
        ("second", ctypes.c_uint64),
    )


class Filter:
    """A filter of system calls with what it does by default."""

    def __init__(self, default: int) -> None:
        self._library = ctypes.CDLL(ctypes.util.find_library("seccomp"))
        self._library.seccomp_init.restype = ctypes.c_void_p
        self._context = ctypes.c_void_p(self._library.seccomp_init(ctypes.c_uint32(default)))

    def add(self, action: int, call: str, *conditions: Condition) -> None:
        """Do this for a system call, if this machine has it, under conditions on its arguments."""
        number = self._library.seccomp_syscall_resolve_name(call.encode())
        if number < 0:
            return
        given = (Comparison * len(conditions))(*(Comparison(*one) for one in conditions))
        done = self._library.seccomp_rule_add_array(
            self._context, ctypes.c_uint32(action), number, len(conditions), given
        )
        assert done == 0, (call, os.strerror(-done))

    def load(self) -> None:
        """Put it over this process and all that follows it."""
        assert self._library.seccomp_load(self._context) == 0


def confine(unit: dict[str, list[str]]) -> None:
    """Take what the unit takes from this process: system calls and their arguments."""
    arguments = Filter(ALLOW)
    if unit.get("MemoryDenyWriteExecute") == ["true"]:
        both = WRITE | EXECUTE
        arguments.add(ERRNO | errno.EPERM, "mmap", (2, MASKED_EQUAL, both, both))
        for call in ("mprotect", "pkey_mprotect"):
            arguments.add(ERRNO | errno.EPERM, call, (2, MASKED_EQUAL, EXECUTE, EXECUTE))
        arguments.add(ERRNO | errno.EPERM, "shmat", (2, MASKED_EQUAL, SHM_EXECUTE, SHM_EXECUTE))
    if "RestrictAddressFamilies" in unit:
        names = unit["RestrictAddressFamilies"][0].split()
        for family in set(range(FAMILIES)) - {getattr(socket, name) for name in names}:
            arguments.add(ERRNO | errno.EAFNOSUPPORT, "socket", (0, EQUAL, family, 0))
    if unit.get("RestrictNamespaces") == ["true"]:
        for kind in NAMESPACES:
            arguments.add(ERRNO | errno.EPERM, "clone", (0, MASKED_EQUAL, kind, kind))
        arguments.add(ERRNO | errno.ENOSYS, "clone3")  # its arguments cannot be seen
        arguments.add(ERRNO | errno.EPERM, "unshare")
        arguments.add(ERRNO | errno.EPERM, "setns")
    refused = getattr(errno, unit["SystemCallErrorNumber"][0])
    calls = Filter(ERRNO | refused)
    for call in sorted(allowed_calls(unit["SystemCallFilter"])):
        calls.add(ALLOW, call)
    arguments.load()
    calls.load()


class Attributes(ctypes.Structure):
    """A `struct mount_attr`."""

    _fields_ = tuple((name, ctypes.c_uint64) for name in ("set", "clear", "propagation", "owner"))


def leave_writable(writable: str, temporary: str) -> None:
    """Make all that is mounted read-only but these two folders."""
    library = ctypes.CDLL(None, use_errno=True)

    def check(result: int) -> None:
        if result != 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))

    def change(place: str, flags: int, **changes: int) -> None:
        attributes = Attributes(**changes)
        size = ctypes.c_size_t(ctypes.sizeof(attributes))
        given = (HERE, place.encode(), flags, ctypes.byref(attributes), size)
        check(library.syscall(MOUNT_SETATTR, *given))

    for place in (writable, temporary):
        check(library.mount(place.encode(), place.encode(), None, BIND, None))
    change("/", RECURSIVE, set=READ_ONLY)
    for place in (writable, temporary):
        change(place, 0, clear=READ_ONLY)


def main(unit: str, writable: str, temporary: str, *command: str) -> None:
    """Become the command, inside the sandbox."""
    leave_writable(writable, temporary)
    library = ctypes.CDLL(None)
    for capability in range(CAPABILITIES):
        library.prctl(DROP_FROM_BOUNDING_SET, capability, 0, 0, 0)
    library.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    os.umask(0o077)
    os.environ["TMPDIR"] = temporary
    os.chdir(os.getcwd())  # the read-only mount, not the one from before
    confine(settings(Path(unit).read_text(encoding="utf-8")))
    os.execv(command[0], command)


if __name__ == "__main__":
    main(*sys.argv[1:])
