"""All rooms of staff's pages, in the order of their navigation."""

from auth.admin import (
    alerts,
    audit,
    checks,
    endpoint_changes,
    endpoints,
    incidents,
    mailbox,
    maintenance,
    metrics,
    notifications,
    overview,
    signing_in,
    status_page,
    users,
)

ROOMS = (
    signing_in.routes,
    overview.routes,
    endpoint_changes.routes,
    endpoints.routes,
    checks.routes,
    metrics.routes,
    incidents.routes,
    maintenance.routes,
    alerts.routes,
    status_page.routes,
    notifications.routes,
    users.routes,
    audit.routes,
    mailbox.routes,
)
