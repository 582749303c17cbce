"""`nb2prod scheduler`"""

from nb2prod.cli.group import lazy_group

COMMAND = lazy_group(
    "nb2prod.cli.commands.scheduler",
    {
        "start": "Run what is due, until told to end.",
        "status": "Which daemons live, what waits, how late it is.",
        "unit": "Print a systemd unit.",
        "dockerfile": "Print a Dockerfile.",
    },
    """Start the daemon that runs what is due, and keep it running.

    \b
        nb2prod scheduler start
        nb2prod scheduler status
        nb2prod scheduler unit --user > ~/.config/systemd/user/nb2prod-scheduler.service

    Several daemons may share a store, on one host or on many. What runs survives the daemon.
    """,
    name="scheduler",
)
