"""`nb2prod pools`"""

from nb2prod.cli.group import lazy_group

COMMAND = lazy_group(
    "nb2prod.cli.commands.pools",
    {"list": "All pools, with what runs and what waits.", "set": "Limit a pool, or lift its limit."},
    """Limit how many runs of a kind run at once, over all daemons that share the store.

    \b
        nb2prod pools set warehouse 2
        nb2prod schedule add churn.ipynb --cron @daily --pool warehouse
    """,
    name="pools",
)
