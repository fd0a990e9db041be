"""The warm JavaScript launcher against a cold node: the same outputs and exit codes, for programs as people write them.

The driver speaks the launcher's protocol inside a container of the sandbox's image, with the sandbox's own seccomp
profile and capabilities; everything asserted is what came out of it.
"""

# ruff: noqa: E501 - programs stand as people write them, many in one line
from __future__ import annotations

import io
import json
import tarfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from genesys.sandbox import container
from genesys.sandbox.image import ensure_image
from genesys.sandbox.sandbox import missing
from tests.genesys.sandbox.javascript_programs import PROGRAMS, Program
from tests.support.sandbox import settings

pytestmark = pytest.mark.docker

HERE = Path(__file__).parent
LAUNCHER = ["/opt/genesys/node/launcher", "/opt/genesys/node/launcher.js"]
SIGXCPU, SIGKILL = -24, -9

CALLS: dict[str, tuple[str, str, list[Any], str | None]] = {
    # name: (program, function, arguments, what stands at fd 3)
    "function": ("function add(a, b) { return a + b; }", "add", [1, 2], "3"),
    "const arrow": ("const add = (a, b) => a + b;", "add", [1.5, 2], "3.5"),
    "let, after use strict": ("'use strict'; let add = function (a) { return this === undefined; };", "add", [1], "true"),
    "var": ("var twoSum = function (nums, t) { return [t, nums.length]; };", "twoSum", [[1, 2], 9], "[9,2]"),
    "async": ("const f = async (a) => { await new Promise((r) => setTimeout(r, 5)); return { a }; };", "f", ["x"], '{"a":"x"}'),
    "class": ("class Solution { #k = 2; f(x) { return this.g(x) * this.#k; } g(x) { return x + 1; } }", "f", [3], "8"),
    "static": ("class Solution { static f(x) { return x; } }", "f", [[]], "[]"),
    "dots": ("class Tree { size(n) { return n; } }", "Tree.size", [4], "4"),
    "module.exports": ("module.exports = { f: (x) => x + 1 };", "f", [1], "2"),
    "exports": ("exports.f = function (x) { return x + 1; };", "f", [1], "2"),
    "the export itself": ("module.exports = (x) => x * 3;", "f", [1], "3"),
    "exported class": ("module.exports = class Solution { f(x) { return -x; } };", "f", [1], "-1"),
    "return at top level": ("exports.f = () => 1; return;", "f", [], "1"),
    "ends in a comment": ("function f() { return 1; } // the end", "f", [], "1"),
    "esm": ("import os from 'os';\nfunction f(x) { return x + os.EOL; }", "f", ["a"], '"a\\n"'),
    "esm export": ("export const f = (x) => x;\nexport default 3;", "f", [1], "1"),
    "esm with await": ("const k = await Promise.resolve(2);\nexport function f(x) { return x * k; }", "f", [4], "8"),
    "not the main module": ("function f() { return 5; } if (require.main === module) process.exit(4);", "f", [], "5"),
    "prints meanwhile": ("console.log('a'); function f() { console.log('b'); return 'c'; }", "f", [], '"c"'),
    "reads input": ("const t = require('fs').readFileSync(0, 'utf8'); function f(a) { return [t, a]; }", "f", [1], '["",1]'),
    "leaves a timer": ("setInterval(() => {}, 1000); const f = () => 1;", "f", [], "1"),
    "undefined": ("function f(a) { a.push(1); }", "f", [[]], "null"),
    "numbers": ("function f() { return [NaN, Infinity, -Infinity, -0, 2n ** 70n, 1e21]; }", "f", [],
                "[NaN,Infinity,-Infinity,0,1180591620717411303424,1e+21]"),
    "collections": ("const f = () => [new Map([[1, new Set([2])]]), new Uint8Array(2), new Date(0), [, 1], { u: undefined, s: 'é' }];", "f", [],
                    '[[[1,[2]]],[0,0],"1970-01-01T00:00:00.000Z",[null,1],{"s":"é"}]'),
    "python's numbers": ("const f = (a) => a;", "f", [[float("nan"), float("-inf"), "NaN"]], '[NaN,-Infinity,"NaN"]'),
    "the same object twice": ("const f = () => { const a = [1]; return [a, a]; };", "f", [], "[[1],[1]]"),
    "a cycle": ("const f = () => { const a = []; a.push(a); return a; };", "f", [], None),
    "throws": ("function f() { throw new Error('no'); }", "f", [], None),
    "rejects": ("async function f() { throw new Error('no'); }", "f", [], None),
    "never settles": ("function f() { return new Promise(() => {}); }", "f", [], None),
    "is not there": ("function g() {}", "f", [], None),
    "is no name": ("function g() {}", "f(); process.exit(0); //", [], None),
    "does not parse": ("function f( {", "f", [], None),
}  # fmt: skip

DEPTH = "function depth(n) { return n === 0 ? 0 : 1 + depth(n - 1); }"
HOSTILE: dict[str, dict[str, Any]] = {
    "spins": {"source": "for (;;);", "limits": {"cpu": 1}},
    "spins deaf to SIGXCPU": {"source": "process.on('SIGXCPU', () => {}); for (;;);", "limits": {"cpu": 1}},
    "memory in the heap": {"source": "const a = []; for (;;) a.push([a.length, {}]);", "limits": {"data": 512 << 20}},
    "memory in strings": {"source": "let a = []; for (;;) a.push('x'.repeat(1e6) + a.length + Math.random()), a.at(-1).charCodeAt(5);",
                          "limits": {"data": 512 << 20}},
    "memory in buffers": {"source": "const a = []; for (;;) a.push(Buffer.alloc(1e7, 1));", "limits": {"data": 512 << 20}},
    "memory in promises": {"source": "const a = []; for (;;) a.push(new Promise(() => {}).then(() => {}));", "limits": {"data": 512 << 20}},
    "one huge array": {"source": "const a = new Float64Array(5e8).fill(1); console.log(a.length);", "limits": {"data": 512 << 20}},
    "kills its parent": {"source": "try { process.kill(process.ppid, 'SIGKILL'); console.log('killed'); } catch (e) { console.log(e.code); }"},
    "kills everybody": {"source": "try { process.kill(-1, 'SIGKILL'); console.log('killed'); } catch (e) { console.log(e.code); }"},
    "reads its parent": {"source": """
const fs = require('fs'); const said = [];
for (const name of ['environ', 'mem', 'maps', 'fd', 'fd/3', 'cwd', 'root', 'task']) {
  const path = `/proc/${process.ppid}/${name}`;
  try { fs.accessSync(path, fs.constants.R_OK); fs.openSync(path, 'r'); said.push(name); } catch (e) { }
}
console.log(said.join());
"""},
    "sees only its own files": {"source": """
const fs = require('fs'); const said = new Set();
for (const fd of fs.readdirSync('/proc/self/fd')) { try { said.add(fs.readlinkSync('/proc/self/fd/' + fd).replace(/[\\[(: ].*/, '')); } catch {} }
console.log([...said].sort().join());
"""},
    "wants its user back": {"source": """
for (const become of [() => process.setgroups([0]), () => process.setgid(0), () => process.setuid(0)]) try { become(); console.log('root'); } catch {}
console.log(process.getuid(), process.geteuid(), process.getgid(), process.getgroups().join());
"""},
    "raises its limits": {"source": "console.log(require('fs').readFileSync('/proc/self/limits', 'utf8').match(/Max cpu time +(\\d+) +(\\d+)/).slice(1).join(), require('fs').readFileSync('/proc/self/oom_score_adj', 'utf8').trim());",
                          "limits": {"cpu": 3}},
    "intervals": {"source": "for (let i = 0; i < 1000; i++) setInterval(() => {}, 1);", "limits": {"cpu": 2}, "wall": 2},
    "sleeps": {"source": "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);", "wall": 1},
    "deep recursion": {"source": f"{DEPTH} console.log(depth(100000));"},
    "deeper by a comparator": {"source": "let n = 0; const f = () => { n++; [2, 1].sort(() => { f(); return 0; }); }; try { f(); } catch (e) { console.log(e.name, n > 1000); }",
                               "limits": {"stack": 64 << 20}},  # the least that a program is given; more takes it many seconds
    "deeper by a replacer": {"source": "let n = 0; const f = () => { n++; 'a'.replace(/a/, f); JSON.stringify({ toJSON() { f(); } }); }; try { f(); } catch (e) { console.log(e.name, n > 1000); }"},
    "deep data": {"source": "let a = []; for (let i = 0; i < 20000; i++) a = [a]; try { JSON.stringify(a); console.log('ok'); } catch (e) { console.log(e.name); }"},
    "deep source": {"source": "try { eval('('.repeat(1e6) + ')'.repeat(1e6)); } catch (e) { console.log(e.name); }"},
    "deep expression": {"source": "try { eval('1' + '+1'.repeat(1e6)); console.log('ok'); } catch (e) { console.log(e.name); }"},
    "deep regular expression": {"source": "try { new RegExp('('.repeat(1e5) + ')'.repeat(1e5)).test('a'); console.log('ok'); } catch (e) { console.log(e.name); }"},
    "small stack": {"source": f"{DEPTH} try {{ depth(1e7); }} catch (e) {{ console.log(e.name); }}", "limits": {"stack": 4 << 20}},
    "files": {"source": "const fs = require('fs'); try { for (;;) fs.openSync('/dev/null'); } catch (e) { console.log(e.code); }"},
    "source with NUL": {"source": "console.log('a\0b'.length);"},
}  # fmt: skip
AFTER_EACH = {"source": "console.log(require('fs').readFileSync(0, 'utf8'), Math.random());", "stdin": "fine"}
SPEED = {
    "source": "const [n] = require('fs').readFileSync(0, 'utf8').split(' ').map(Number); console.log(n + 1);",
    "stdin": "1 2",
    "times": 100,
}


def in_container(cases: list[dict[str, Any]]) -> dict[str, Any]:
    """Run cases by the driver in a fresh container, and give what it says."""
    import docker

    chosen = settings("docker")
    if why := missing(chosen):
        pytest.skip(why)
    client = docker.from_env(timeout=300)
    profile = (Path(container.__file__).parent / "image" / "seccomp.json").read_text()
    made = client.containers.create(
        ensure_image(client, chosen),
        ["python3", "/tmp/driver.py"],
        entrypoint=[],
        network_mode="none",
        cap_drop=["ALL"],
        cap_add=["SETUID", "SETGID"],
        security_opt=["no-new-privileges:true", f"seccomp={profile}"],
        mem_limit="3g",
    )
    try:
        made.put_archive("/tmp", _tar({"cases.json": json.dumps({"launcher": LAUNCHER, "cases": cases}).encode(),
                                       "driver.py": (HERE / "node_launcher_driver.py").read_bytes()}))  # fmt: skip
        made.start()
        made.wait(timeout=280)
        said = made.logs(stdout=True, stderr=False)
        assert said, made.logs(stderr=True)[-4000:].decode()
        found: dict[str, Any] = json.loads(said)
        return found
    finally:
        made.remove(force=True)
        client.close()


def _tar(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o644
            archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


@pytest.fixture(scope="module")
def equal() -> dict[str, Any]:
    said = in_container([{**asdict(program), "cold": True} for program in PROGRAMS])
    return dict(zip([program.name for program in PROGRAMS], said["results"], strict=True))


@pytest.fixture(scope="module")
def called() -> dict[str, Any]:
    cases = [{"source": source, "call": name, "stdin": json.dumps(args)} for source, name, args, _ in CALLS.values()]
    return dict(zip(CALLS, in_container(cases)["results"], strict=True))


@pytest.fixture(scope="module")
def hostile() -> dict[str, Any]:
    cases = [one for case in HOSTILE.values() for one in (case, AFTER_EACH)]
    said = in_container([*cases, SPEED])
    said["by_name"] = dict(zip(HOSTILE, said["results"][:-1:2], strict=True))
    said["after"] = said["results"][1::2]
    return said


def test_there_are_enough_programs() -> None:
    assert len({program.name for program in PROGRAMS}) == len(PROGRAMS) >= 100


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_a_warm_program_does_what_a_cold_one_does(equal: dict[str, Any], program: Program) -> None:
    warm, cold = equal[program.name]["warm"], equal[program.name]["cold"]
    assert not warm["stopped"], "it never ended"
    if program.loses_output:
        assert warm["stdout"].startswith(cold["stdout"])
        cold["stdout"] = warm["stdout"]
    assert (warm["stdout"], warm["code"]) == (cold["stdout"], cold["code"]), warm["stderr"]


@pytest.mark.parametrize("name", list(CALLS))
def test_a_call(called: dict[str, Any], name: str) -> None:
    warm, wanted = called[name]["warm"], CALLS[name][3]
    if wanted is None:
        assert (warm["code"], warm["value"]) == (13 if name == "never settles" else 1, ""), warm
    else:
        assert (warm["code"], warm["value"]) == (0, wanted), warm["stderr"]


def test_what_a_called_program_prints_stays_out_of_its_value(called: dict[str, Any]) -> None:
    assert called["prints meanwhile"]["warm"]["stdout"] == "a\nb\n"


def test_no_output_is_lost_at_exit(equal: dict[str, Any]) -> None:
    assert equal["big output before exit"]["warm"]["stdout"] == "z" * 3_000_000


ENDS: dict[str, tuple[str | None, set[int]]] = {
    # name: (what it printed, how it may have ended)
    "spins": ("", {SIGXCPU}),
    "spins deaf to SIGXCPU": ("", {SIGKILL}),
    "kills its parent": ("EPERM\n", {0}),
    "reads its parent": ("task\n", {0}),
    "wants its user back": ("20001 20001 20001 20001\n", {0}),
    "raises its limits": ("3,4 1000\n", {0}),
    "intervals": ("", {SIGKILL, SIGXCPU}),
    "sleeps": ("", {SIGKILL}),
    "deep recursion": ("100000\n", {0}),
    "deeper by a comparator": ("RangeError true\n", {0}),
    "deeper by a replacer": ("RangeError true\n", {0}),
    "deep data": ("ok\n", {0}),
    "small stack": ("RangeError\n", {0}),
    "files": ("EMFILE\n", {0}),
    "source with NUL": ("3\n", {0}),
}


@pytest.mark.parametrize("name", list(ENDS))
def test_what_becomes_of_hostile_programs(hostile: dict[str, Any], name: str) -> None:
    warm = hostile["by_name"][name]["warm"]
    printed, codes = ENDS[name]
    assert warm["stdout"] == printed, warm
    assert warm["code"] in codes, warm


@pytest.mark.parametrize("name", [name for name in HOSTILE if name.startswith(("memory", "one huge"))])
def test_a_program_beyond_its_memory_dies_of_it(hostile: dict[str, Any], name: str) -> None:
    warm = hostile["by_name"][name]["warm"]
    assert not warm["stopped"], "it hung"
    assert warm["code"] != 0, warm
    assert warm["maxrss"] < 700 << 10


@pytest.mark.parametrize("name", [name for name in HOSTILE if name.startswith("deep")])
def test_depth_is_an_error_and_no_crash(hostile: dict[str, Any], name: str) -> None:
    assert hostile["by_name"][name]["warm"]["code"] == 0, hostile["by_name"][name]["warm"]


def test_the_launcher_is_as_before_after_each(hostile: dict[str, Any]) -> None:
    assert [one["warm"]["stdout"].split()[0] for one in hostile["after"]] == ["fine"] * len(hostile["after"])
    assert len({one["launcher"] for one in hostile["results"]}) == 1
    assert hostile["ended"] == 0
    assert hostile["threads"] <= 6, "threads are not forked"


def test_children_share_no_random_numbers(hostile: dict[str, Any]) -> None:
    assert len({one["warm"]["stdout"] for one in hostile["after"]}) == len(hostile["after"])


def test_a_program_sees_no_files_of_others(hostile: dict[str, Any]) -> None:
    seen = hostile["by_name"]["sees only its own files"]["warm"]["stdout"].strip().split(",")
    assert set(seen) <= {
        "/dev/null",
        "/memfd",
        "pipe",
        "anon_inode",
        "/proc/self/fd",
        f"/proc/{hostile['by_name']['sees only its own files']['warm']['pid']}/fd",
    }


def test_a_test_costs_milliseconds(hostile: dict[str, Any]) -> None:
    times = sorted(hostile["results"][-1]["ms"])
    assert hostile["results"][-1]["warm"]["stdout"] == "2\n"
    assert times[0] < 15, "as slow as a cold node"
