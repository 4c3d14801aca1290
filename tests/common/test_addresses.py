"""No address that is not plainly public passes, in no spelling and in no clothes."""

from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from common.addresses import NOTHING, judge, literal_address, parse_allowed, refuse_url

LOOPBACK = IPv4Address("127.0.0.1")


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("127.0.0.1", "loopback"),
        ("127.255.255.254", "loopback"),
        ("::1", "loopback"),
        ("0.0.0.0", "unspecified"),
        ("0.1.2.3", "unspecified"),
        ("::", "unspecified"),
        ("10.0.0.1", "private"),
        ("172.16.0.1", "private"),
        ("172.31.255.255", "private"),
        ("192.168.1.1", "private"),
        ("fc00::1", "private"),
        ("fdff::1", "private"),
        ("fec0::1", "private"),
        ("100.64.0.1", "shared"),
        ("169.254.169.254", "link-local"),
        ("fe80::1%eth0", "link-local"),
        ("198.18.0.1", "benchmark"),
        ("192.0.2.1", "documentation"),
        ("2001:db8::1", "documentation"),
        ("3fff::1", "documentation"),
        ("224.0.0.1", "multicast"),
        ("ff02::1", "multicast"),
        ("255.255.255.255", "broadcast"),
        ("240.0.0.1", "reserved"),
        ("192.0.0.8", "reserved"),
        ("100::1", "reserved"),
        ("4000::1", "reserved"),
        ("::ffff:127.0.0.1", "loopback"),
        ("::ffff:a00:1", "private"),
        ("::7f00:1", "loopback"),
        ("64:ff9b::7f00:1", "loopback"),
        ("64:ff9b::a9fe:a9fe", "link-local"),
        ("64:ff9b:1::808:808", "private"),
        ("2002:7f00:1::", "loopback"),
        ("2002:c0a8:101::1", "private"),
        ("2001:0:4136:e378:8000:63bf:80ff:fffe", "loopback"),
        ("no address", "no address"),
        ("172.15.255.255", None),
        ("172.32.0.1", None),
        ("100.63.255.255", None),
        ("8.8.8.8", None),
        ("2606:4700::1111", None),
        ("::ffff:8.8.8.8", None),
        ("64:ff9b::808:808", None),
        ("2002:808:808::1", None),
    ],
)
def test_it_names_what_an_address_is(address: str, kind: str | None) -> None:
    assert judge(address, 80, NOTHING) == kind


@given(st.ip_addresses(v=4) | st.ip_addresses(v=6))
@example(IPv6Address("2001:20::1"))
def test_what_passes_is_public_for_python_too(address: IPv4Address | IPv6Address) -> None:
    if judge(str(address), 80, NOTHING) is None and not str(address).startswith(("2002:", "64:ff9b:", "::")):
        assert address.is_global
        assert not address.is_multicast


@given(st.ip_addresses(v=4))
def test_an_address_in_ipv6_clothes_is_judged_as_what_it_holds(address: IPv4Address) -> None:
    kind, number = judge(str(address), 80, NOTHING), int(address)
    clothes = (0xFFFF << 32 | number, 0x64FF9B << 96 | number, 0x2002 << 112 | number << 80)
    assert {judge(str(IPv6Address(dressed)), 80, NOTHING) for dressed in clothes} == {kind}


@given(st.ip_addresses(v=4), st.integers(1, 4), st.randoms())
def test_it_reads_every_spelling_of_an_address(address: IPv4Address, parts: int, luck: Any) -> None:
    octets = list(address.packed)
    numbers = [*octets[: parts - 1], int.from_bytes(octets[parts - 1 :], "big")]
    spelt = ".".join(luck.choice((str, hex, lambda number: f"0{number:o}"))(number) for number in numbers)
    assert literal_address(luck.choice((spelt, spelt.upper(), spelt + "."))) == address


@pytest.mark.parametrize(
    "host",
    [
        "2130706433",
        "0x7f000001",
        "0x7F.1",
        "0177.0.0.1",
        "127.1",
        "127.0.1",
        "127.0.0.1.",
        "%31%32%37.0.0.1",
        "１２７.0.0.1",
        "127。0。0。1",
        "017700000001",
        "0x7f.0x0.0x0.0x1",
    ],
)
def test_it_knows_loopback_however_it_is_written(host: str) -> None:
    assert literal_address(host) == LOOPBACK


@pytest.mark.parametrize("host", ["example.com", "256.0.0.1", "1.2.3.4.5", "0x1g", "", "08.1", "1.2.3.256", "a.1"])
def test_a_name_is_no_address(host: str) -> None:
    assert literal_address(host) is None


def test_it_reads_ipv6_in_brackets() -> None:
    assert literal_address("[::FFFF:127.0.0.1]") == ip_address("::ffff:127.0.0.1")


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/",
        "file:///etc/passwd",
        "http://",
        "http:///path",
        "example.com",
        "//example.com/",
        "http://user:pass@example.com/",
        "http://user@example.com/",
        "http://localhost/",
        "http://LOCALHOST./",
        "http://api.localhost:8080/",
        "http://127.0.0.1/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://017700000001:80/",
        "http://[::1]/",
        "http://[::ffff:7f00:1]/",
        "http://[fe80::1%25eth0]/",
        "http://169.254.169.254/latest/meta-data/",
        "http://%31%32%37.0.0.1/",
        "http://１２７.0.0.1/",
        "http://example.com:0/",
        "http://example.com:99999/",
        "http://example.com\\@127.0.0.1/",
        "http://exa mple.com/",
        "http://example.com/\r\nX: y",
        "http://1.2.3.4.5/",
        "http://256.256.256.256/",
        "http://ex*mple.com/",
        "http://[::1/",
    ],
)
def test_it_refuses_such_a_url(url: str) -> None:
    assert refuse_url(url, NOTHING)


@pytest.mark.parametrize(
    "url", ["http://example.com", "HTTPS://Example.COM:8443/a?b=c#d", "http://8.8.8.8/", "http://[2606:4700::1]:81/x"]
)
def test_it_lets_a_plain_url_pass(url: str) -> None:
    assert refuse_url(url, NOTHING) is None


@pytest.mark.parametrize(
    ("listed", "url"),
    [
        ("127.0.0.0/8", "http://127.0.0.1:5000/"),
        ("127.0.0.1:5000", "http://127.0.0.1:5000/"),
        ("127.0.0.1", "http://[::ffff:127.0.0.1]/"),
        ("10.0.0.0/8:443, 192.168.0.0/16", "https://10.1.2.3/"),
        ("::1", "http://[::1]:8080/"),
        ("[fd00::/8]:8080", "http://[fd12::1]:8080/"),
        ("localhost:5000", "http://LOCALHOST:5000/"),
        ("auth:80", "http://auth/"),
    ],
)
def test_an_operator_may_list_what_is_allowed(listed: str, url: str) -> None:
    assert refuse_url(url, parse_allowed(listed)) is None


@pytest.mark.parametrize(
    ("listed", "url"),
    [
        ("127.0.0.1:5000", "http://127.0.0.1:5001/"),
        ("127.0.0.1", "http://127.0.0.2/"),
        ("localhost:5000", "http://localhost/"),
        ("auth:5000", "http://127.0.0.1:5000/"),
        ("0.0.0.0/0", "http://[::1]/"),
        ("none", "http://127.0.0.1/"),
        ("", "http://127.0.0.1/"),
    ],
)
def test_what_is_not_listed_stays_refused(listed: str, url: str) -> None:
    assert refuse_url(url, parse_allowed(listed))


@pytest.mark.parametrize("word", ["localhost", "10.0.0.1/8", "host:99999", "host:x", "[::1", "a b:80", "http://x:80"])
def test_a_word_that_is_neither_is_named(word: str) -> None:
    with pytest.raises(ValueError, match=r"neither|port") as raised:
        parse_allowed(f"10.0.0.0/8,{word}")
    assert repr(word) in str(raised.value)
