"""`nb2prod runs`"""

from nb2prod.cli.group import lazy_group

COMMAND = lazy_group(
    "nb2prod.cli.commands.runs",
    {
        "list": "Runs, the newest first.",
        "show": "All that is known of one.",
        "logs": "What its cells printed, and how far it is.",
        "events": "What happened to it, in order.",
        "cancel": "End it, and keep its outputs so far.",
        "retry": "Do it again.",
        "prune": "Remove old ones, with their outputs.",
    },
    """Look at runs, cancel them, do them again, and remove old ones.

    \b
        nb2prod runs list --status failed
        nb2prod runs show RUN
        nb2prod runs logs RUN --follow
        nb2prod runs prune --older-than 90d --keep-last 20
    """,
    name="runs",
)
