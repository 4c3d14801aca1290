"""How many files this process may hold open. A check that got no socket would pass for an outage of its endpoint."""

import resource


def allow_files(wanted: int) -> int:
    """Have the system let us open so many, or as many as it would; how many those are."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return wanted
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    return allowed
