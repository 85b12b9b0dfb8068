"""Becomes another program that the kernel ends when the process that started it dies. Linux only.

Run as a script, without the package: ``python -I -S die_with_parent.py PARENT_PID PROGRAM ARGUMENT...``. A program in
between, rather than a hook between fork and exec, because such a hook may deadlock in a process that has threads.
The kernel watches the thread that started the child: it has to live as long as the child is wanted.
"""

import ctypes
import os
import signal
import sys

#: prctl(2): the signal this process gets when its parent dies. It survives execve.
PR_SET_PDEATHSIG = 1


def main(parent: int, command: list) -> None:  # type: ignore[type-arg]  # runs before the package can be imported
    """Ask for the signal, make sure that it is not too late, and become ``command``."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit("the process that started this one has already ended")
    try:
        os.execv(command[0], command)
    except OSError as error:
        sys.exit(f"cannot run {command[0]}: {error.strerror}")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
