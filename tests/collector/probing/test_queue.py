"""Which check begins next, whatever comes and ends in whatever order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.probing.queue import Job, Queue
from collector.probing.target import Target


def job(number: int, due: float = 0.0, host: str = "a") -> Job:
    """A check of a host."""
    return Job(due, number, Target(number, "x", f"http://{host}.example/"), lambda _: None)


def test_it_takes_nothing_before_it_is_due_and_then_in_order() -> None:
    queue = Queue(at_once=10, per_host=10)
    for number, due in enumerate((3.0, 1.0, 2.0)):
        queue.put(job(number, due))
    assert queue.next_due == 1.0
    assert queue.take(0.5) is None
    assert [taken.due for _ in range(3) if (taken := queue.take(9.0))] == [1.0, 2.0, 3.0]


def test_a_free_place_of_a_host_goes_to_the_earliest_that_waits_for_it() -> None:
    queue = Queue(at_once=10, per_host=1)
    first, second, third, other = job(0), job(1), job(2), job(3, host="b")
    for one in (third, first, other, second):
        queue.put(one)
    assert [queue.take(1.0), queue.take(1.0), queue.take(1.0)] == [first, other, None]
    assert (queue.running, queue.waiting) == (2, 2)
    queue.give_back(first)
    assert queue.take(1.0) is second


def test_it_says_nothing_is_due_while_all_places_are_taken() -> None:
    queue = Queue(at_once=1, per_host=1)
    queue.put(job(0))
    queue.put(job(1))
    taken = queue.take(1.0)
    assert queue.next_due is None
    assert taken is not None
    queue.give_back(taken)
    assert queue.next_due == 0.0


ACTS = st.lists(st.tuples(st.sampled_from("ptg"), st.integers(0, 3), st.floats(0, 10)), max_size=80)


@given(ACTS, st.integers(1, 4), st.integers(1, 3))
def test_the_caps_hold_and_no_job_is_lost(acts: list[tuple[str, int, float]], at_once: int, per_host: int) -> None:
    queue, running, put, done, now = Queue(at_once=at_once, per_host=per_host), list[Job](), 0, 0, 0.0
    for act, host, step in acts:
        if act == "p":
            queue.put(job(put, now + step, "abcd"[host]))
            put += 1
        elif act == "t":
            now += step
            if taken := queue.take(now):
                assert taken.due <= now
                running.append(taken)
        elif running:
            queue.give_back(running.pop(0))
            done += 1
        assert queue.running == len(running) <= at_once
        assert all(sum(one.place == other.place for other in running) <= per_host for one in running)
        assert queue.waiting + len(running) + done == put
    while put > done:
        while taken := queue.take(1e9):
            running.append(taken)
        assert running, "jobs wait though every place is free"
        queue.give_back(running.pop(0))
        done += 1
    assert (queue.running, queue.waiting) == (0, 0)


@pytest.mark.parametrize("url", ["http://", "no url", "ftp://a/", "http://[::1/"])
def test_a_url_that_leads_nowhere_has_a_place_too(url: str) -> None:
    queue = Queue(at_once=1, per_host=1)
    lost = Job(0.0, 0, Target(1, "x", url), lambda _: None)
    queue.put(lost)
    assert queue.take(1.0) is lost
