"""Carries out one action from beginning to end: asks, repeats where that is safe, settles the ledger, learns.

It must not know the schedule.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from generator.actions import COUNTED, LENDING, Outcome
from generator.calls import call_for, judge, pause_before_repeat
from generator.choices import Action
from generator.client import Client
from generator.ledger import Key, Ledger, Verdict
from generator.lending.figures import keys_of
from generator.lessons import begin, finish
from generator.logged import note_end, note_sending
from generator.messages import Answer, Call, is_doubtful
from generator.tally import Event, Tally

Seconds = Callable[[], float]


@dataclass(frozen=True)
class Errands:
    """Everything that an errand needs.

    `ledger` is of actions on resources, `lent` of the library's, `logged` of requests by route, whatever came of them.
    `elapsed` tells the seconds since the start of the run.
    """

    client: Client
    ledger: Ledger
    lent: Ledger
    logged: Ledger
    tally: Tally
    elapsed: Seconds

    async def run(self, action: Action, intended: float) -> None:
        """Carry out `action`, whose latency counts from the moment it was to begin."""
        begin(action, self.elapsed())
        call = call_for(action, datetime.now(UTC).date())
        what = _what(action, call)
        entries = self._entries_of(action)
        for ledger, key in entries:
            ledger.open(key)
        answer, is_uncertain = await self._ask(action, call)
        outcome = judge(action.kind, answer)
        for ledger, key in entries:
            ledger.settle(key, _verdict(outcome, is_uncertain=is_uncertain))
        try:
            finish(action, answer, outcome, self.elapsed())
        except (AttributeError, KeyError, TypeError, ValueError):
            outcome = Outcome.FAILED  # an answer of another shape than the contract's
        now = self.elapsed()
        self.tally.finish(Event(now, _who(action), action.kind, outcome, answer.status, now - intended, what))

    async def _ask(self, action: Action, call: Call) -> tuple[Answer, bool]:
        """The last answer, and whether any attempt may have been carried out without our knowing."""
        repeats, is_uncertain = 0, False
        while True:
            answer = await self._send(call)
            is_uncertain = is_uncertain or is_doubtful(answer)
            pause = pause_before_repeat(action.kind, answer, repeats, action.grain)
            if pause is None:
                return answer, is_uncertain
            repeats += 1
            self.tally.repeats += 1
            await asyncio.sleep(pause)

    async def _send(self, call: Call) -> Answer:
        note_sending(self.logged, call)
        answer = await self.client.send(call)
        note_end(self.logged, call, answer)
        return answer

    def _entries_of(self, action: Action) -> list[tuple[Ledger, Key]]:
        """Where the action is noted, before it leaves."""
        if action.person is None:
            return []
        if action.kind in COUNTED:
            return [(self.ledger, (action.person.email, action.kind.value))]
        return [(self.lent, key) for key in keys_of(action.person.email, action.kind)]


def _verdict(outcome: Outcome, *, is_uncertain: bool) -> Verdict:
    """A success settles every doubt: a keyed request is carried out once, and only one delete can succeed."""
    if outcome is Outcome.DONE:
        return Verdict.COUNTED
    return Verdict.UNCERTAIN if is_uncertain else Verdict.NOT_COUNTED


def _who(action: Action) -> str:
    return action.person.name if action.person else "A visitor"


def _what(action: Action, call: Call) -> str:
    """The name of what it is about, where a person knows it."""
    if action.person and action.subject is not None and action.kind in LENDING:
        return action.person.shelf.title_of(action.kind, action.subject)
    return str((call.body or {}).get("name", ""))
