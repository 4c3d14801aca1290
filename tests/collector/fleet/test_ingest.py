"""What locks say, over a real broker into a real database: stored once, in whatever order, however often it comes."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from random import Random
from uuid import UUID, uuid4

import pytest

from common.lock_protocol.topics import EVENTS, TELEMETRY
from sql.device_log import Draft, append
from sql.engine import make_engine, transaction
from sql.statements import run
from standalone.postgres import Server
from tests.collector.fleet.ingest_house import IngestHouse, Voice, open_house
from tests.support.databases import throw_away
from tests.support.waiting import wait_for

ONLINE = ("is_online", "offline_since IS NOT NULL", "status_boot", "status_conn", "last_seen_at IS NOT NULL")


@pytest.fixture(scope="module")
def house(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[IngestHouse]:
    """One fleet for all tests here; each has a lock of its own."""
    folder = tmp_path_factory.mktemp("broker")
    with throw_away(server) as database, open_house(database, folder) as opened, opened.run_fleet():
        yield opened
        opened.leave()


@pytest.fixture
def lock(house: IngestHouse) -> Voice:
    """A lock that nobody used before."""
    return house.claim()


def alerts(house: IngestHouse, lock: Voice) -> list[str]:
    """The kinds of a lock's open alerts."""
    rows = house.database.rows("SELECT rule FROM alerts WHERE device_id = %s ORDER BY rule", lock.id)
    return [rule for (rule,) in rows]


def test_it_stores_once_what_is_sent_twice(house: IngestHouse, lock: Voice) -> None:
    for _ in range(2):
        lock.measure(1, 1)
        lock.tell(1, 2, "manual", action="unlock")
    lock.measure(1, 3)
    house.await_seen(lock, 1, "{[1,4)}")
    assert house.measured(lock) == [(1, 1), (1, 3)]
    assert house.log(lock) == ["MANUAL"]
    assert house.sample("duplicates_total") >= 2


def test_the_latest_word_counts_whatever_order_words_come_in(house: IngestHouse, lock: Voice) -> None:
    words = [(2, seq) for seq in range(1, 30)] + [(1, seq) for seq in range(1, 10)]
    Random(5).shuffle(words)
    words.sort(key=lambda word: word < (2, 28))  # the latest first
    for boot, seq in words:
        if seq % 2:
            lock.stand(boot, seq, locked=(boot, seq) != (2, 29), battery=seq)
        else:
            lock.measure(boot, seq, rssi=-seq, battery=seq)
    house.await_seen(lock, 2, "{[1,30)}")
    house.await_seen(lock, 1, "{[1,10)}")
    assert house.state(lock, "is_locked", "state_seq", "rssi", "battery_level") == (False, 29, -28, 29)


def test_a_lock_is_told_what_is_stored_each_time_it_sends_that_but_never_past_a_hole(
    house: IngestHouse, lock: Voice
) -> None:
    lock.measure(4, 1)
    lock.measure(4, 2)
    lock.measure(4, 4)
    wait_for(lambda: (4, 2) in lock.told, what="told up to the hole")
    lock.measure(5, 1)
    house.await_seen(lock, 5, "{[1,2)}")
    told = len(lock.told)
    lock.measure(4, 1)
    wait_for(lambda: (4, 2) in lock.told[told:], what="told again")
    lock.measure(4, 3)
    wait_for(lambda: {(4, 4), (5, 1)} <= set(lock.told), what="told of both boots")
    assert [told for told in lock.told if told > (4, 2)] == [(4, 4), (5, 1)]


def test_status_makes_a_lock_online_and_an_older_offline_does_not_count(house: IngestHouse, lock: Voice) -> None:
    lock.call("online", 3, 7)
    wait_for(lambda: house.state(lock, *ONLINE) == (True, False, 3, 7, True), what="online")
    lock.call("offline", 3, 6)
    lock.call("offline", 2, 9)
    lock.measure(3, 1)
    house.await_seen(lock, 3, "{[1,2)}")
    assert house.state(lock, *ONLINE) == (True, False, 3, 7, True)
    lock.call("offline", 3, 7)
    wait_for(lambda: house.state(lock, *ONLINE) == (True, True, 3, 7, True), what="falling")
    lock.call("online", 3, 7)
    lock.measure(3, 2)
    house.await_seen(lock, 3, "{[1,3)}")
    assert house.state(lock, *ONLINE)[1], "an online of the connection that ended came late"
    lock.call("online", 3, 8)
    wait_for(lambda: house.state(lock, *ONLINE) == (True, False, 3, 8, True), what="online again")
    assert house.log(lock) == ["ONLINE"]


def test_low_battery_does_not_flicker(house: IngestHouse, lock: Voice) -> None:
    for seq, (level, is_low) in enumerate([(20, False), (19, True), (24, True), (25, False), (22, False)], start=1):
        lock.measure(1, seq, battery=level)
        house.await_seen(lock, 1, f"{{[1,{seq + 1})}}")
        assert house.state(lock, "battery_level", "is_battery_low") == (level, is_low)


def test_events_become_entries_and_alarms(house: IngestHouse, lock: Voice) -> None:
    user = str(uuid4())
    events = [
        ("started", {"reason": "power"}), ("manual", {"action": "lock"}), ("jam", {}), ("tamper", {}), ("forced", {}),
        ("low_battery", {"battery": 12}), ("lockout", {"seconds": 900}),
        ("denied", {"method": "pin", "reason": "unknown"}), ("denied", {"method": "qr", "reason": "used"}),
        ("granted", {"method": "pin", "pin_id": 99}), ("granted", {"method": "qr", "nonce": "n1", "user_id": user}),
        ("command_refused", {"reason": "expired", "command_id": None}),
        ("command_refused", {"reason": "signature", "command_id": user}),
    ]  # fmt: skip
    for seq, (type_, data) in enumerate(events, start=1):
        lock.tell(1, seq, type_, **data)
    house.await_seen(lock, 1, f"{{[1,{len(events) + 1})}}")
    assert house.log(lock) == [
        "STARTED", "MANUAL", "JAM", "TAMPER", "FORCED", "LOW_BATTERY", "LOCKOUT", "PIN_DENIED", "QR_DENIED",
        "PIN_GRANTED", "QR_GRANTED", "COMMAND_REFUSED", "COMMAND_REFUSED",
    ]  # fmt: skip
    assert alerts(house, lock) == ["failed_attempts", "forced", "forged_command", "jam", "tamper"]
    person = "SELECT user_id::text FROM device_logs WHERE event_type = 'QR_GRANTED' AND device_id = %s"
    assert house.database.one(person, lock.id) == user


def test_a_lock_that_was_not_brought_its_new_keys_calls_nobody_a_forger(house: IngestHouse, lock: Voice) -> None:
    def sent(**columns: str) -> str:
        values = {"status": "'sent'", "received_at": "NULL", **columns}
        command: str = house.database.one(
            "INSERT INTO device_commands (device_id, command, counter, expires_at, " + ", ".join(values) + ")"
            " VALUES (%s, 'CODES', 1, now() + interval '1 minute', "
            + ", ".join(values.values())
            + ") RETURNING id::text",
            lock.id,
        )
        return command

    sent(received_at="now()")
    house.database.rows("UPDATE devices SET key_version = 2 WHERE id = %s", lock.id)
    rotated = Draft(device_id=UUID(lock.id), event_type="ROTATED", description="Keys made anew")
    with transaction(make_engine(house.database.collector_url, process="test", pool_size=1)) as connection:
        append(partial(run, connection), [rotated])
    lock.tell(1, 1, "command_refused", reason="signature", command_id=sent())
    house.await_seen(lock, 1, "{[1,2)}")
    assert (house.log(lock), alerts(house, lock)) == (["ROTATED", "COMMAND_REFUSED"], [])
    lock.tell(1, 2, "command_refused", reason="signature", command_id=str(uuid4()))
    house.await_seen(lock, 1, "{[1,3)}")
    assert alerts(house, lock) == ["forged_command"], "nobody sent that one"
    house.database.rows("UPDATE alerts SET resolved_at = now() WHERE device_id = %s", lock.id)
    sent(received_at="now()")
    lock.tell(1, 3, "command_refused", reason="signature", command_id=sent())
    wait_for(lambda: alerts(house, lock) == ["forged_command"] * 2, what="it knew the keys by then")


def test_codes_that_a_lock_granted_are_spent(house: IngestHouse, lock: Voice) -> None:
    pin_id = house.database.one(
        "INSERT INTO access_pins (device_id, name, verifier) VALUES (%s, 'guest', 'none') RETURNING id", lock.id
    )
    nonce, user = uuid4().hex, str(uuid4())
    for seq in (1, 2, 2):
        lock.tell(1, seq, "granted", method="pin", pin_id=pin_id)
    lock.tell(1, 3, "granted", method="qr", nonce=nonce, user_id=user)
    house.await_seen(lock, 1, "{[1,4)}")
    assert house.database.one("SELECT uses FROM access_pins WHERE id = %s", pin_id) == 2
    assert alerts(house, lock) == []
    lock.tell(1, 4, "granted", method="qr", nonce=nonce, user_id=user)
    house.await_seen(lock, 1, "{[1,5)}")
    assert alerts(house, lock) == ["qr_reused"]


def test_what_cannot_be_read_becomes_a_dead_letter_and_nothing_stops(house: IngestHouse, lock: Voice) -> None:
    lock.publish(TELEMETRY, b"\x00\xff not JSON")
    lock.publish(EVENTS, b"x" * 5000)
    lock.tell(1, 1, "granted", method="qr", nonce="a\0b", user_id=str(uuid4()))
    lock.measure(1, 2, battery=101)
    lock.measure(1, 3)
    house.await_seen(lock, 1, "{[1,4)}")
    assert [size for _, size in house.letters(lock)[:2]] == [11, 5000]
    assert [reason for reason, _ in house.letters(lock)] == [
        "is not JSON", "longer than 4096 bytes", "nonce must be a text of 1 to 64 characters",
        "battery must be a whole number from 0 to 100",
    ]  # fmt: skip
    assert house.sample("dead_letters_total", reason="unreadable") >= 3


def test_a_lock_need_not_keep_what_nobody_can_read(house: IngestHouse, lock: Voice) -> None:
    for _ in range(2):
        lock.measure(1, 1, battery=101)
    lock.measure(1, 2)
    wait_for(lambda: (1, 2) in lock.told, what="told past it")
    assert house.measured(lock) == [(1, 2)]
    assert len(house.letters(lock)) == 1


def test_a_megabyte_is_counted_and_stops_nothing(house: IngestHouse, lock: Voice) -> None:
    lock.publish(TELEMETRY, b"x" * 1_000_000)
    lock.measure(1, 1)
    house.await_seen(lock, 1, "{[1,2)}")
    assert house.letters(lock) == [("longer than 4096 bytes", 1_000_000)]
    assert house.sample("dead_letters_total", reason="too_long") >= 1


def test_a_flood_in_one_packet_is_cut_off_by_the_broker(house: IngestHouse, lock: Voice) -> None:
    other = house.claim()
    other.send(TELEMETRY, b"x" * 2_000_000)
    other.await_end()
    lock.measure(1, 1)
    house.await_seen(lock, 1, "{[1,2)}")
    assert house.letters(other) == []


def test_a_lock_without_a_device_speaks_to_nobody(house: IngestHouse, lock: Voice) -> None:
    lock.measure(1, 1)
    house.await_seen(lock, 1, "{[1,2)}")
    house.database.rows("UPDATE devices SET deleted_at = now() WHERE id = %s", lock.id)
    house.notify_devices()
    seqs = count(2)
    wait_for(lambda: lock.measure(1, next(seqs)) or house.letters(lock), what="a dead letter")
    assert house.letters(lock)[0][0] == "unknown device"


def test_a_message_that_fails_within_a_batch_leaves_the_others_alone(house: IngestHouse, lock: Voice) -> None:
    doomed = house.claim()
    for one in (doomed, lock):
        one.measure(1, 1)
        house.await_seen(one, 1, "{[1,2)}")
    house.database.rows("DELETE FROM devices WHERE id = %s", doomed.id)  # nobody is notified
    doomed.tell(1, 2, "tamper")
    doomed.measure(1, 3)
    lock.measure(1, 2)
    house.await_seen(lock, 1, "{[1,3)}")
    wait_for(lambda: len(house.letters(doomed)) == 2, what="both are kept aside")
    assert all(reason.startswith("not storable") for reason, _ in house.letters(doomed))


def test_the_canary_tells_that_the_fleet_is_heard(house: IngestHouse) -> None:
    [(is_up, seconds, age)] = house.database.rows(
        "SELECT is_up, latency_seconds, now() - checked_at FROM service_states WHERE service = 'fleet'"
    )
    assert is_up
    assert 0 < seconds < 5
    assert age < timedelta(seconds=10)
    assert 0 < house.sample("canary_seconds") < 5


def test_too_many_holes_are_refused(house: IngestHouse, lock: Voice) -> None:
    holes = ",".join(f"[{number},{number + 1})" for number in range(1, 2001, 2))
    house.database.rows(
        "INSERT INTO device_boots (device_id, boot, seen) VALUES (%s, 1, %s::int8multirange)", lock.id, f"{{{holes}}}"
    )
    lock.measure(1, 3000)
    wait_for(lambda: house.letters(lock), what="a dead letter")
    lock.measure(1, 2)
    lock.measure(1, 3000)
    wait_for(lambda: house.measured(lock) == [(1, 2), (1, 3000)], what="a hole less, and there is room")
    assert house.letters(lock)[0][0].startswith("too many gaps")


def test_too_many_boots_with_holes_are_refused_and_leave_nothing(house: IngestHouse, lock: Voice) -> None:
    house.database.rows(
        "INSERT INTO device_boots (device_id, boot, seen) SELECT %s, n, '{[2,3)}' FROM generate_series(1, 199) AS n",
        lock.id,
    )
    lock.measure(900, 5)
    house.await_seen(lock, 900, "{[5,6)}")
    lock.measure(901, 5)
    wait_for(lambda: house.letters(lock), what="a dead letter")
    lock.measure(902, 1)
    house.await_seen(lock, 902, "{[1,2)}")
    assert house.letters(lock)[0][0].startswith("too many gaps")
    assert 901 not in house.seen(lock)


def test_a_clock_that_was_ahead_keeps_no_lock_online(house: IngestHouse, lock: Voice) -> None:
    house.database.rows(
        "UPDATE device_states SET last_seen_at = now() + interval '1 hour' WHERE device_id = %s", lock.id
    )
    lock.measure(1, 1)
    house.await_seen(lock, 1, "{[1,2)}")
    assert house.state(lock, "last_seen_at <= now()")


def test_what_a_lock_says_of_the_time_is_kept_beside_ours(house: IngestHouse, lock: Voice) -> None:
    lock.measure(1, 1)
    house.await_seen(lock, 1, "{[1,2)}")
    [(happened_at, created_at)] = house.database.rows(
        "SELECT happened_at, created_at FROM device_telemetry WHERE device_id = %s", lock.id
    )
    assert happened_at <= created_at <= datetime.now(UTC)
