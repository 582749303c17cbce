"""`nb2prod data`"""

from nb2prod.cli.group import lazy_group

COMMAND = lazy_group(
    "nb2prod.cli.commands.data",
    {
        "list": "What a package reads and writes, and where it is.",
        "check": "Try whether all of it can be reached.",
    },
    """Look at the data that a package reads and writes: [data.NAME] and [outputs.NAME] of its pipeline.toml.

    \b
        nb2prod data list out/churn
        nb2prod data check out/churn --env prod
    """,
    name="data",
)
