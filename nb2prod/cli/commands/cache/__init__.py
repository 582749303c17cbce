"""`nb2prod cache`"""

from nb2prod.cli.group import lazy_group

COMMAND = lazy_group(
    "nb2prod.cli.commands.cache",
    {
        "show": "How much is known, and where it is.",
        "prune": "Remove what was used least lately, down to a size or an age.",
        "clear": "Remove all that is known.",
    },
    """Look at the results of steps that later runs use again, and remove old ones.

    What the record of a run names stays, and what a run that is going on needs.

    \b
        nb2prod cache show out/churn
        nb2prod cache prune out/churn --max-size 10GB --max-age 30d
        nb2prod cache clear --artifacts s3://lake/churn
    """,
    name="cache",
)
