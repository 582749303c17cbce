"""`nb2prod notify`"""

from nb2prod.cli.group import lazy_group

COMMAND = lazy_group(
    "nb2prod.cli.commands.notify",
    {
        "add": "A channel: a webhook, an e-mail address, or a command.",
        "list": "All channels.",
        "test": "Send a message now.",
        "remove": "Tell nobody by it any more.",
    },
    """Say who is told when a run fails, recovers, is late, or takes long.

    \b
        nb2prod notify add team --webhook https://chat.example.org/hooks/1 --set format=text
        nb2prod notify test team
        nb2prod schedule add churn.ipynb --cron @daily --notify team
    """,
    name="notify",
)
