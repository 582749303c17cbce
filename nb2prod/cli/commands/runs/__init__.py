"""`nb2prod runs`"""

from nb2prod.cli.group import lazy_group

COMMAND = lazy_group(
    "nb2prod.cli.commands.runs",
    {
        "list": "Runs, the newest first.",
        "show": "All that is known of one.",
        "compare": "Two of a pipeline beside each other.",
        "logs": "What its cells or steps printed, and how far it is.",
        "events": "What happened to it, in order.",
        "cancel": "End it, and keep its outputs so far.",
        "retry": "Do it again.",
        "export": "Its record for OpenTelemetry, Prometheus, or as JSON.",
        "prune": "Remove old ones, with their outputs.",
    },
    """Look at runs, compare and export them, cancel them, do them again, and remove old ones.

    \b
        nb2prod runs list --status failed
        nb2prod runs show RUN
        nb2prod runs logs RUN --follow
        nb2prod runs compare A B
        nb2prod runs prune --older-than 90d --keep-last 20
    """,
    name="runs",
)
