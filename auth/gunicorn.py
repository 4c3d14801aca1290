"""How gunicorn runs auth: the app is made once and forked, so that workers share its memory.

gunicorn reads this file's names. The settings were read, and refused when wrong, before gunicorn was started.
"""

import gc
import os
from typing import Any

from auth.database import ENGINE
from auth.settings import read_settings
from auth.silence import SilenceWatch

COLLECT_AFTER = (20_000, 20, 20)

_settings = read_settings(os.environ)

bind = f"{_settings.host}:{_settings.port}"
workers = _settings.workers
worker_class = "auth.worker.PollingWorker"
threads = _settings.threads
preload_app = True
timeout = 60
graceful_timeout = 5
keepalive = 15
max_requests = 0
proc_name = "watchhouse-auth"
control_socket_disable = True
forwarded_allow_ips = ""  # the gate alone judges what proxies say
forwarder_headers = ""
worker_tmp_dir = "/dev/shm"  # noqa: S108  # a heartbeat file on a disk can stall a worker
accesslog = None
loglevel = "warning"


def when_ready(_: Any) -> None:
    """Keep what was made before the fork out of the collector's sight: looking at it would unshare its pages.

    What a request leaves behind is little and mostly freed at once, so the collector need not look every 700 objects.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


def post_worker_init(worker: Any) -> None:
    """Each worker looks after its own connections; the benches' bare apps have none."""
    if ENGINE in worker.wsgi.extensions:
        SilenceWatch(worker.wsgi.extensions[ENGINE])
