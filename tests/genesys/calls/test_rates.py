"""Requests and tokens a minute: kept in every minute, by all processes together, and by nobody who was killed."""

from __future__ import annotations

import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest

from genesys.calls.rates import HostRates, Pace, rates_on_this_host

REPO = Path(__file__).parents[3]


def started(pace: Pace, seconds: float, *, cost: float = 1.0) -> list[float]:
    """Times at which calls start that come as soon as they may."""
    now = paid_until = 0.0
    times = []
    while now < seconds:
        if wait := pace.wait(paid_until, cost, now):
            now += wait + 1e-9
        else:
            paid_until = pace.after(paid_until, cost, now)
            times.append(now)
    return times


class TestPace:
    @pytest.mark.parametrize("per_minute", [1, 7, 60, 600, 6000])
    def test_in_no_minute_more_and_over_many_all_that_is_allowed(self, per_minute: int) -> None:
        times = started(Pace(per_minute), 300)
        most = max(sum(begin <= t < begin + 60 for t in times) for begin in times[:: max(1, per_minute // 50)])
        assert most <= per_minute
        assert len(times) > 0.97 * 5 * per_minute

    def test_tokens_too_whatever_a_call_takes(self) -> None:
        times = started(Pace(100_000), 300, cost=8_000)
        assert 0.95 * 500_000 < len(times) * 8_000 < 1.05 * 500_000
        gaps = [later - earlier for earlier, later in zip(times, times[1:], strict=False)]
        assert max(gaps) < 5.5, "they come evenly, not all at the start of a minute"

    def test_time_that_nobody_used_is_not_saved_up(self) -> None:
        pace = Pace(600)
        paid_until = pace.after(0.0, 1.0, 1000.0)
        together = 1
        while not pace.wait(paid_until, 1.0, 1000.0):
            paid_until = pace.after(paid_until, 1.0, 1000.0)
            together += 1
        assert together == 10


class TestHostRates:
    def test_the_next_is_told_how_long(self, tmp_path: Path) -> None:
        rates = HostRates(tmp_path / "r", requests=60)
        assert rates.take(0, now=100.0) == 0.0
        assert rates.take(0, now=100.25) == pytest.approx(0.75)
        assert rates.take(0, now=101.0) == 0.0

    def test_both_limits_hold(self, tmp_path: Path) -> None:
        rates = HostRates(tmp_path / "r", requests=6000, tokens=60_000)
        assert rates.take(3000, now=100.0) == 0.0
        assert rates.take(3000, now=100.0) == pytest.approx(3.05, abs=0.01)

    def test_what_was_estimated_is_corrected(self, tmp_path: Path) -> None:
        rates = HostRates(tmp_path / "r", tokens=60_000)
        assert rates.take(2000, now=100.0) == 0.0
        rates.correct(8000)
        assert rates.take(2000, now=100.0) == pytest.approx(10.2, abs=0.1)
        rates.correct(-8000)
        assert rates.take(2000, now=100.0) == pytest.approx(2.03, abs=0.1)

    def test_users_in_and_outside_of_this_process_share_them(self, tmp_path: Path) -> None:
        script = (
            "import sys; from pathlib import Path; from genesys.calls.rates import HostRates;"
            "rates = HostRates(Path(sys.argv[1]), requests=6000);"
            "print(sum(rates.take(0, now=float(sys.argv[2])) == 0 for _ in range(500)))"
        )
        now = time.monotonic()
        command = [sys.executable, "-c", script, str(tmp_path / "r"), str(now)]
        there = int(subprocess.run(command, cwd=REPO, check=True, capture_output=True, text=True).stdout)
        one, other = HostRates(tmp_path / "r", requests=6000), HostRates(tmp_path / "r", requests=6000)
        assert there == 100
        assert sum(user.take(0, now=now + 0.5) == 0.0 for user in (one, other) * 100) == pytest.approx(50, abs=1)

    def test_a_process_killed_with_the_lock_in_its_hand_wedges_nothing(self, tmp_path: Path) -> None:
        script = (
            "import os, sys; from pathlib import Path; from genesys.calls.rates import HostRates;"
            "rates = HostRates(Path(sys.argv[1]), requests=60);"
            "print(rates._locks.acquire(0), flush=True); sys.stdin.read()"
        )
        command = [sys.executable, "-c", script, str(tmp_path / "r")]
        other = subprocess.Popen(command, cwd=REPO, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert other.stdout is not None
        assert other.stdout.readline() == "True\n"
        rates = HostRates(tmp_path / "r", requests=60)
        assert 0 < rates.take(0) < 0.1
        other.kill()
        other.communicate()
        assert rates.take(0) == 0.0

    @pytest.mark.parametrize(
        "left", [b"torn", struct.pack("@3d", 1e12, 1e12, -1e9), struct.pack("@3d", float("nan"), 0.0, 0.0)]
    )
    def test_what_another_boot_or_a_broken_disk_left_is_not_waited_for(self, tmp_path: Path, left: bytes) -> None:
        (tmp_path / "r").write_bytes(left)
        assert HostRates(tmp_path / "r", requests=1, tokens=1).take(100) == 0.0

    def test_it_costs_little(self, tmp_path: Path) -> None:
        rates = HostRates(tmp_path / "r", requests=10**9, tokens=10**12)
        began = time.process_time()
        for _ in range(1000):
            rates.take(100)
            rates.correct(5)
        assert (time.process_time() - began) / 1000 < 0.0005

    def test_one_name_one_file_and_no_limit_no_file(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
        assert rates_on_this_host("endpoint a", requests=None, tokens=None) is None
        assert list(tmp_path.iterdir()) == []
        one, same, other = (rates_on_this_host(f"endpoint {n}", requests=1, tokens=None) for n in "aab")
        assert one is not None
        assert same is not None
        assert other is not None
        assert [one.take(0) > 0, same.take(0) > 0, other.take(0) > 0] == [False, True, False]
