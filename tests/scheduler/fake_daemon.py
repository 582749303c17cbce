"""A real daemon on a real local executor, to be killed: python fake_daemon.py STORE JOBS LEASE [SUPERVISOR]."""

import sys

from nb2prod.execution.executors.executor import ExecutorOrder, open_executor
from nb2prod.scheduler.daemon import Scheduler
from nb2prod.scheduler.waker import Waker
from nb2prod.store import open_store


def main() -> None:
    url, jobs, lease, *rest = sys.argv[1:]
    supervisor = rest[0] if rest else "scheduler.fake_supervisor"
    waker = Waker()
    with open_store(url) as store:
        order = ExecutorOrder(store_url=url, jobs=int(jobs), supervisor=supervisor, changed=waker.wake)
        executor = open_executor("local", order)
        Scheduler(store, executor, jobs=int(jobs), lease=float(lease), waker=waker).run()
        executor.close()


if __name__ == "__main__":
    main()
