"""What a lock keeps until it is stored: sent in order, within a window, again when need be, and never lost."""

from hypothesis import given
from hypothesis import strategies as st

from common.lock_protocol import topics
from generator.fleet.lock import Lock
from generator.fleet.outbox import Message, Outbox
from generator.fleet.record import Keys, Record
from tests.generator.locks import DEVICE, NOW, new_lock, sent


def message(seq: int, boot: int = 1, *, is_answer: bool = False) -> Message:
    return Message(boot, seq, topics.COMMANDS_ACK if is_answer else topics.EVENTS, b"")


def filled(count: int, **more: int) -> Outbox:
    return Outbox([message(seq) for seq in range(1, count + 1)], **more)


def seqs(messages: list[Message]) -> list[int]:
    return [one.seq for one in messages]


def test_nothing_is_sent_that_is_not_written_down() -> None:
    outbox = Outbox()
    outbox.add(message(1))
    assert outbox.due() == []
    fresh = outbox.take_fresh()
    assert outbox.due() == []
    outbox.release(fresh)
    assert seqs(outbox.due()) == [1]


def test_the_window_bounds_what_is_not_known_to_be_stored() -> None:
    outbox = filled(10)
    assert seqs(outbox.due(window=4)) == [1, 2, 3, 4]
    assert outbox.due(window=4) == []
    assert outbox.acknowledge((1, 2))
    assert seqs(outbox.due(window=4)) == [5, 6]


def test_an_answer_does_not_wait_for_the_window() -> None:
    outbox = filled(10)
    outbox.due(window=4)
    outbox.release([message(11, is_answer=True)])
    assert seqs(outbox.due(window=4)) == [11]


def test_a_new_connection_sends_all_again_in_order() -> None:
    outbox = filled(6)
    outbox.due()
    outbox.acknowledge((1, 3))
    outbox.restart()
    assert seqs(outbox.due()) == [4, 5, 6]


def test_what_is_stored_of_a_boot_is_no_word_on_the_boots_before() -> None:
    """The last messages of a boot may be overtaken by the first of the next, and be lost then."""
    outbox = Outbox([message(5, boot=1), message(1, boot=2), message(2, boot=2)])
    outbox.acknowledge((2, 1))
    assert [one.key for one in outbox.due()] == [(1, 5), (2, 2)]
    assert outbox.take_trimmed() == [(2, 1)]
    assert outbox.take_trimmed() == []


def test_over_its_bound_the_oldest_are_forgotten_and_counted() -> None:
    outbox = filled(3, limit=3)
    outbox.release([message(4), message(5)])
    assert (seqs(outbox.due()), outbox.forgotten) == ([3, 4, 5], 2)
    assert not outbox.resend(1, 2, 3)


def test_only_the_newest_state_is_retained() -> None:
    lock = new_lock()
    lock.swing_door(NOW, is_open=True)
    lock.swing_door(NOW, is_open=False)
    assert [lock.is_newest_state(one) for one in sent(lock)] == [False, True]


@given(steps=st.lists(st.tuples(st.sampled_from(["tell", "send", "lose", "store", "again"]), st.integers(1, 30))))
def test_whatever_happens_all_is_stored_in_the_end(steps: list[tuple[str, int]]) -> None:
    lock = Lock(DEVICE, Keys(b"", b"", b""), Record())
    lock.record.boot = 1
    stored: set[int] = set()
    for step, number in steps:
        if step == "tell":
            lock.tell_event("tamper", NOW)
            lock.outbox.release(lock.outbox.take_fresh())
        elif step == "again":
            lock.outbox.resend(1, number, number + 3)
        elif step == "lose":
            lock.outbox.due(window=5)
            lock.outbox.restart()
        elif step == "send":
            stored |= set(seqs(lock.outbox.due(window=5)))
        else:
            _acknowledge(lock.outbox, stored)
    for _ in range(len(steps)):
        lock.outbox.restart()
        stored |= set(seqs(lock.outbox.due(window=5)))
        _acknowledge(lock.outbox, stored)
    assert stored == set(range(1, lock.record.seq + 1))
    assert len(lock.outbox) == 0


def _acknowledge(outbox: Outbox, stored: set[int]) -> None:
    """As the house does: up to the first that is missing."""
    upto = next(seq for seq in range(len(stored) + 1, 0, -1) if set(range(1, seq)) <= stored) - 1
    outbox.acknowledge((1, upto))
