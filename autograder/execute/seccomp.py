"""The system calls that a sandboxed program may not make, as a filter for the Linux kernel.

Namespaces hide what a program may not touch; the filter takes away the calls with which programs have left
namespaces before, or have held memory that is counted as nobody's. Everything that a notebook needs is left.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import socket
import tempfile
import termios

from autograder.errors import SandboxError

# Refused as if the program lacked the right: the usual doors to the kernel's own machinery.
FORBIDDEN = (
    # other file systems, roots and namespaces
    "mount umount2 pivot_root chroot fsopen fsconfig fsmount fspick move_mount open_tree mount_setattr "
    "unshare setns open_by_handle_at name_to_handle_at quotactl swapon swapoff "
    # other processes
    "ptrace process_vm_readv process_vm_writev kcmp pidfd_getfd "
    # programs inside the kernel
    "bpf perf_event_open userfaultfd fanotify_init init_module finit_module delete_module kexec_load "
    "kexec_file_load "
    # the keys, the clock and the power of the machine
    "add_key request_key keyctl clock_settime clock_adjtime settimeofday adjtimex stime reboot acct syslog "
    "iopl ioperm vhangup lookup_dcookie nfsservctl uselib"
).split()
# Refused as if this kernel did not know them, so that libraries take another way.
UNKNOWN = (
    # its flags lie in memory, where a filter cannot look; the C library then takes `clone`
    "clone3 "
    # a second way to make all calls, past the filter
    "io_uring_setup io_uring_enter io_uring_register "
    # memory that belongs to no process and to no file system with a limit
    "memfd_create memfd_secret shmget shmat shmctl msgget semget"
).split()
# For `clone`: user, mount, network, process, UTS, IPC and control group namespaces.
NEW_NAMESPACES = (0x10000000, 0x00020000, 0x40000000, 0x20000000, 0x04000000, 0x08000000, 0x02000000)
# A network of one's own is all that these lead to; others (vsock, say) lead out of it.
FAMILIES = (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK)
TYPING_INTO_TERMINALS = (termios.TIOCSTI, 0x541C)  # TIOCLINUX
LOW_BITS = 0xFFFFFFFF


@functools.cache
def filter_program() -> bytes:
    """Return the filter as the program that the Linux kernel runs at every call (classic BPF).

    Raises:
        SandboxError: the C library libseccomp, which writes it, is not installed.
    """
    try:
        import pyseccomp
    except (ImportError, OSError, RuntimeError) as error:
        raise SandboxError(f"libseccomp is not installed ({error})") from error
    rules = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    forbidden, unknown = pyseccomp.ERRNO(errno.EPERM), pyseccomp.ERRNO(errno.ENOSYS)
    for action, call in [*((forbidden, call) for call in FORBIDDEN), *((unknown, call) for call in UNKNOWN)]:
        with contextlib.suppress(ValueError, OSError):  # newer than this machine's library
            rules.add_rule(action, call)
    for flag in NEW_NAMESPACES:
        rules.add_rule(forbidden, "clone", pyseccomp.Arg(0, pyseccomp.MASKED_EQ, flag, flag))
    for request in TYPING_INTO_TERMINALS:
        rules.add_rule(forbidden, "ioctl", pyseccomp.Arg(1, pyseccomp.MASKED_EQ, LOW_BITS, request))
    no_such_family = pyseccomp.ERRNO(errno.EAFNOSUPPORT)
    for family in set(range(max(FAMILIES))) - set(FAMILIES):
        rules.add_rule(no_such_family, "socket", pyseccomp.Arg(0, pyseccomp.EQ, family))
    rules.add_rule(no_such_family, "socket", pyseccomp.Arg(0, pyseccomp.GT, max(FAMILIES)))
    with tempfile.TemporaryFile() as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()
