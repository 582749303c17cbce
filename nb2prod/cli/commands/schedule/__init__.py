"""`nb2prod schedule`"""

from nb2prod.cli.group import lazy_group

COMMAND = lazy_group(
    "nb2prod.cli.commands.schedule",
    {
        "add": "Run a notebook or a package at times, after another, or when a file appears.",
        "list": "All schedules, with what is due next.",
        "show": "All that is known of one.",
        "update": "Take the notebook as it is now, or change options.",
        "pause": "Nothing of it is due until it is resumed.",
        "resume": "It is due again, from now on.",
        "remove": "Forget it; its runs stay.",
        "run-now": "A run beside those that are due.",
        "next": "When it is due next.",
        "history": "Its runs, the newest first.",
    },
    """Say when notebooks and packages run.

    \b
        nb2prod schedule add churn.ipynb --cron "0 6 * * 1-5" --tz Europe/Berlin -p region=EU
        nb2prod schedule list
        nb2prod schedule history churn

    The daemon runs what is due: `nb2prod scheduler start`.
    """,
    name="schedule",
)
