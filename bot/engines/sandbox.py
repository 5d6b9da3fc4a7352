"""Taking away from a process what a decoder never needs: network, programs, writing, other processes, much memory.

Three layers of the kernel, none of which needs root:

- resource limits: memory, open files, file size, processor time, no core dumps;
- seccomp: an allow-list of system calls; to any other the kernel answers as if it did not exist;
- Landlock, where the kernel has it: files outside a few folders cannot even be read.

The first two are the sandbox; without them nothing is decoded. The third is a gain where it is to be had.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import resource
import signal
import sys
import termios
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from bot.engines import landlock

_OPEN_FILES: Final = 64

# What CPython, NumPy, OpenCV, Pillow and FFmpeg use once they are loaded, threads included. Nothing here makes a
# socket, a process, a file or a name, or reaches another process; those with conditions of their own stand below.
_ALLOWED: Final = (  # noqa: SIM905 - a table reads better
    "read readv pread64 write writev recvmsg close lseek dup fstat newfstatat fstatat64 stat lstat statx "
    "access faccessat faccessat2 readlink readlinkat getdents64 getcwd fadvise64 "
    "brk mmap mmap2 munmap mremap mprotect madvise mincore membarrier "
    "futex futex_time64 set_robust_list get_robust_list rseq set_tid_address exit exit_group "
    "rt_sigaction rt_sigprocmask rt_sigreturn sigaltstack restart_syscall "
    "sched_yield sched_getaffinity sched_getparam sched_getscheduler getcpu "
    "clock_gettime clock_getres clock_nanosleep nanosleep gettimeofday time times "
    "getpid gettid getppid getuid geteuid getgid getegid getrusage getrlimit setrlimit sysinfo uname "
    "getrandom poll ppoll select pselect6 arch_prctl"
).split()

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_DUMPABLE: Final = 4
_PR_GET_SECCOMP: Final = 21
_PR_SET_NO_NEW_PRIVS: Final = 38
_CLONE_THREAD: Final = 0x10000


class SandboxError(RuntimeError):
    """This machine cannot confine a process. The text says why, in one line."""


def available() -> str | None:
    """None where this machine can confine a decoder, else why not, in one line. Changes nothing."""
    if sys.platform != "linux":
        return f"the sandbox needs Linux, this is {sys.platform}"
    try:
        import pyseccomp  # type: ignore[import-untyped]  # noqa: F401 - looks for a C library when imported
    except (ImportError, RuntimeError, OSError) as error:
        return f"the library libseccomp is missing ({error})"
    if _libc().prctl(_PR_GET_SECCOMP, 0, 0, 0, 0) < 0:
        return "the kernel was built without seccomp"
    return None


def confine(memory: int, readable: Iterable[Path]) -> tuple[str, ...]:
    """Confine this process for good. ``memory`` is bytes of private memory, what is in use already included, what
    libraries have only set aside by now (OpenBLAS 128 MB) not;
    ``readable`` are files and folders that may be opened for reading.

    Returns the names of the layers now in force. Raises SandboxError, and then nothing may be decoded.
    """
    reason = available()
    if reason is not None:
        raise SandboxError(reason)
    try:
        _limit(memory)
        if _libc().prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "no_new_privs")
        walled = len(os.listdir("/proc/self/task")) == 1 and landlock.restrict(readable)  # noqa: PTH208 - a path object says no more
        _filter()
    except (OSError, ValueError) as error:
        raise SandboxError(f"the sandbox could not be put up: {error}") from error
    return ("limits", "seccomp", "landlock") if walled else ("limits", "seccomp")


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when its parent ends, however it ends; at once if it has already."""
    if sys.platform == "linux":
        _libc().prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        _libc().prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def grant_seconds(seconds: float) -> None:
    """Allow this process so much processor time from now on; then the kernel ends it (SIGXCPU)."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(usage.ru_utime + usage.ru_stime + seconds) + 1, hard))


def _limit(memory: int) -> None:
    held = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text("ascii").splitlines())
    mapped, private, touched = (int(held[key].split()[0]) * 1024 for key in ("VmSize", "VmData", "RssAnon"))
    limits = {
        resource.RLIMIT_DATA: memory + max(0, private - touched),
        resource.RLIMIT_AS: mapped + memory,  # shared mappings, which the line above does not count
        resource.RLIMIT_NOFILE: _OPEN_FILES,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MEMLOCK: 0,
    }
    for kind, most in limits.items():
        resource.setrlimit(kind, (most, most))


def _filter() -> None:
    """Load the system call filter, for all threads."""
    import pyseccomp as seccomp

    absent = seccomp.ERRNO(errno.ENOSYS)
    rules = seccomp.SyscallFilter(absent)
    rules.set_attr(seccomp.Attr.CTL_TSYNC, 1)

    def allow(name: str, *conditions: seccomp.Arg) -> None:
        if seccomp.resolve_syscall(seccomp.Arch.NATIVE, name) >= 0:  # negative: not on this architecture
            rules.add_rule(seccomp.ALLOW, name, *conditions)

    for name in _ALLOWED:
        allow(name)
    writing = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
    allow("openat", seccomp.Arg(2, seccomp.MASKED_EQ, writing, 0))
    allow("open", seccomp.Arg(1, seccomp.MASKED_EQ, writing, 0))
    allow("clone", seccomp.Arg(0, seccomp.MASKED_EQ, _CLONE_THREAD, _CLONE_THREAD))  # threads, never processes
    # fcntl and ioctl can have the kernel send any signal to any process of ours: only harmless uses.
    for command in (fcntl.F_GETFD, fcntl.F_SETFD, fcntl.F_GETFL, fcntl.F_DUPFD_CLOEXEC):
        allow("fcntl", seccomp.Arg(1, seccomp.EQ, command))
    for request in (termios.TCGETS, termios.TIOCGWINSZ, termios.FIOCLEX, termios.FIONREAD):
        allow("ioctl", seccomp.Arg(1, seccomp.EQ, request))
    allow("prlimit64", seccomp.Arg(0, seccomp.EQ, 0))  # one's own
    allow("tgkill", seccomp.Arg(0, seccomp.EQ, os.getpid()))  # abort()
    rules.load()


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
