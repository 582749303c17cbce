"""Files that keep the daemon running: a systemd unit, and a Dockerfile. As texts; `deploy/` has them too."""

import shlex
from collections.abc import Sequence

__all__ = ["dockerfile", "unit"]

_UNIT = """\
# nb2prod scheduler unit --user > ~/.config/systemd/user/nb2prod-scheduler.service
# systemctl --user daemon-reload && systemctl --user enable --now nb2prod-scheduler
# It ends with your session, unless: loginctl enable-linger
[Unit]
Description=nb2prod: runs notebooks and pipelines when they are due
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart={command}
Restart=always
RestartSec=2
# Runs have processes of their own and survive the daemon: only the daemon is told to end.
KillMode=process
TimeoutStopSec=30
# A run that the kernel kills for want of memory must not take the daemon with it.
OOMPolicy=continue
LimitNOFILE=65536
NoNewPrivileges=yes
{own}
[Install]
WantedBy={target}
"""

_SYSTEM_HEAD = """\
# nb2prod scheduler unit > /etc/systemd/system/nb2prod-scheduler.service
# useradd --system --home-dir /var/lib/nb2prod nb2prod
# systemctl daemon-reload && systemctl enable --now nb2prod-scheduler
"""

_SYSTEM = """\
User={user}
StateDirectory=nb2prod
WorkingDirectory=/var/lib/nb2prod
Environment=NB2PROD_STORE={store}
# Secrets that jobs name as secret:env:NAME stand here, one NAME=VALUE a line, readable by root alone.
EnvironmentFile=-/etc/nb2prod/environment
ProtectSystem=full
"""

_DOCKERFILE = """\
# nb2prod scheduler dockerfile > Dockerfile
# docker build -t nb2prod-scheduler .
# docker run --detach --name nb2prod --volume nb2prod:/data --stop-timeout 3600 nb2prod-scheduler
# docker exec nb2prod nb2prod schedule list
#
# What runs in the container ends with it: so it is told to wait for its runs (--drain), up to --stop-timeout.
# Several containers may share a PostgreSQL: --env NB2PROD_STORE=postgresql://user:password@host/database
FROM python:{python}-slim

# tini collects the processes that runs leave behind
RUN apt-get update \\
    && apt-get install --yes --no-install-recommends tini \\
    && rm -rf /var/lib/apt/lists/* \\
    && useradd --create-home --uid 1000 nb2prod \\
    && install --directory --owner nb2prod /data

# Name the libraries of your notebooks too.
RUN pip install --no-cache-dir "nb2prod[postgres,rest]=={version}"

ENV NB2PROD_STORE=/data/store.db
VOLUME /data
WORKDIR /data
USER nb2prod
HEALTHCHECK --interval=30s --start-period=15s CMD ["nb2prod", "scheduler", "status", "--quiet"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["tini", "--", "nb2prod", "scheduler", "start"]
CMD ["--drain"]
"""


def unit(
    program: Sequence[str],
    *,
    options: Sequence[str] = (),
    user: str = "nb2prod",
    store: str = "/var/lib/nb2prod/store.db",
    is_users: bool = False,
) -> str:
    """`program` starts nb2prod; `options` are those of `scheduler start`. A user's own unit has no account to name."""
    command = shlex.join([*program, "scheduler", "start", *options]).replace("%", "%%")
    if is_users:
        return _UNIT.format(command=command, own="", target="default.target")
    text = _UNIT.partition("[Unit]\n")[2]
    own = _SYSTEM.format(user=user, store=store.replace("%", "%%"))
    return _SYSTEM_HEAD + "[Unit]\n" + text.format(command=command, own=own, target="multi-user.target")


def dockerfile(*, version: str, python: str = "3.12") -> str:
    return _DOCKERFILE.format(version=version, python=python)
