"""The exit codes of the shell commands, chosen once."""

from enum import IntEnum


class ExitCode(IntEnum):
    FINE = 0
    FINDINGS = 1  # findings, differences, conflicts; a conversion that was refused
    USAGE = 2  # wrong use or input: nothing was started
    FAILED = 3  # a step or a cell failed
    TIMEOUT = 4
    DIED = 5  # the kernel or the process
    INTERRUPTED = 130
