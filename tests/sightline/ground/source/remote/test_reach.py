from pathlib import Path

import pytest

from sightline.ground.source.local_files import LocalFiles
from sightline.ground.source.remote.reach import OPEN, Reach, is_public, reach_of
from sightline.ground.source.remote.remote_files import RemoteFiles


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.0.1"),
        *("169.254.169.254", "100.100.100.200", "224.0.0.251", "::1", "::", "fe80::1%eth0"),
        *("fd00:ec2::254", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe"),
        "2002:7f00:1::",
    ],
)
def test_addresses_of_this_machine_and_its_network_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_addresses_that_everybody_reaches_are_public(address: str) -> None:
    assert is_public(address)


def test_a_table_of_ones_own_reaches_every_server_unless_the_setting_says_otherwise(
    tmp_path: Path,
) -> None:
    own = LocalFiles(tmp_path)

    assert reach_of(own, "auto") == OPEN
    assert reach_of(own, "public") == Reach(is_open=False)


def test_a_table_from_a_server_reaches_that_server_and_public_ones() -> None:
    there = RemoteFiles("http://10.0.0.7:9000/photos", OPEN)

    assert reach_of(there, "auto").trusts("10.0.0.7", 9000)
    assert not reach_of(there, "auto").trusts("10.0.0.7", 9001)
    assert reach_of(RemoteFiles("https://a.example/b", OPEN), "auto").trusts("a.example", 443)
    assert reach_of(there, "any") == OPEN
