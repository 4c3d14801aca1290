"""Waits for work, but not longer than somebody wishes. It must not know what the work is."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

Result = TypeVar("Result")


async def unless(wish: asyncio.Event, work: Awaitable[Result], limit: float | None = None) -> Result | None:
    """The work's result; None when the wish came true or the limit was reached before, and the work was cancelled."""
    working, wishing = asyncio.ensure_future(work), asyncio.ensure_future(wish.wait())
    try:
        await asyncio.wait((working, wishing), timeout=limit, return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None
    finally:
        working.cancel()
        wishing.cancel()
