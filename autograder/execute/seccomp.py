"""The system calls that a sandboxed program may not make, as a filter for the Linux kernel.

Namespaces hide what a program may not touch. The filter blocks the calls that programs have used to escape
from namespaces or to hold memory that is charged to no process. Everything a notebook needs stays allowed.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import socket
import tempfile
import termios

from autograder.errors import SandboxError

# Refused as if the program lacked permission: the usual ways into the Linux kernel's internals.
FORBIDDEN = (
    # other file systems, roots and namespaces
    "mount umount2 pivot_root chroot fsopen fsconfig fsmount fspick move_mount open_tree mount_setattr "
    "unshare setns open_by_handle_at name_to_handle_at quotactl swapon swapoff "
    # other processes
    "ptrace process_vm_readv process_vm_writev kcmp pidfd_getfd "
    # programs inside the kernel
    "bpf perf_event_open userfaultfd fanotify_init init_module finit_module delete_module kexec_load "
    "kexec_file_load "
    # the machine's keys, clock and power
    "add_key request_key keyctl clock_settime clock_adjtime settimeofday adjtimex stime reboot acct syslog "
    "iopl ioperm vhangup lookup_dcookie nfsservctl uselib"
).split()
# Refused as if this kernel did not know them, so that libraries fall back to other calls.
UNKNOWN = (
    # its flags are in memory, which a filter cannot read; the C library falls back to `clone`
    "clone3 "
    # a second way to make system calls, which bypasses the filter
    "io_uring_setup io_uring_enter io_uring_register "
    # memory that belongs to no process and to no file system with a limit
    "memfd_create memfd_secret shmget shmat shmctl msgget semget"
).split()
# For `clone`: user, mount, network, process, UTS, IPC and control group namespaces.
NEW_NAMESPACES = (0x10000000, 0x00020000, 0x40000000, 0x20000000, 0x04000000, 0x08000000, 0x02000000)
# These reach only the sandbox's own network; others (such as vsock) reach outside it.
FAMILIES = (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK)
TYPING_INTO_TERMINALS = (termios.TIOCSTI, 0x541C)  # TIOCLINUX
LOW_BITS = 0xFFFFFFFF


@functools.cache
def filter_program() -> bytes:
    """Return the filter as a classic BPF program, which the Linux kernel runs at every system call.

    Raises:
        SandboxError: the C library libseccomp, which writes the filter, is not installed.
    """
    try:
        import pyseccomp
    except (ImportError, OSError, RuntimeError) as error:
        raise SandboxError(f"libseccomp is not installed ({error})") from error
    rules = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    forbidden, unknown = pyseccomp.ERRNO(errno.EPERM), pyseccomp.ERRNO(errno.ENOSYS)
    for action, call in [*((forbidden, call) for call in FORBIDDEN), *((unknown, call) for call in UNKNOWN)]:
        with contextlib.suppress(ValueError, OSError):  # the call is newer than this machine's library
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
