"""The programs that the benchmark runs, one task written in four languages, and those whose compilation is timed.

The task: read whitespace-separated words, go through their lengths in a multiplicative recurrence ROUNDS times, print
the number of words and where it ended. ROUNDS sets the work per test; all numbers fit in a double, so that the four
agree. Each also has a bare main, which solves all tests in one process and tells the time that this took.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from genesys.job import Language

EXTENSIONS: dict[Language, str] = {"python": "py", "javascript": "js", "cpp": "cpp", "rust": "rs"}
COMPILED: tuple[Language, ...] = ("cpp", "rust")


@dataclass(frozen=True)
class Program:
    """One program's text."""

    language: Language
    source: bytes

    @property
    def compiled(self) -> bool:
        """Whether it becomes a binary."""
        return self.language in COMPILED

    def fresh(self) -> Program:
        """The same program with a text that nobody has seen, not in earlier runs either, so that no cache helps."""
        mark = "#" if self.language == "python" else "//"
        return Program(self.language, self.source + f"\n{mark} {secrets.token_hex(8)}\n".encode())


_SOLVE: dict[Language, str] = {
    "python": """
import sys

ROUNDS = @ROUNDS@


def solve(data):
    words = data.split()
    lengths = [len(word) for word in words] or [0]
    x = 1
    for i in range(ROUNDS):
        x = (x * 48271 + lengths[i % len(lengths)]) % 2147483647
    return b"%d %d\\n" % (len(words), x)

""",
    "javascript": """
const fs = require("fs");
const ROUNDS = @ROUNDS@;

function solve(data) {
  const words = data.split(/[ \\t\\n\\v\\f\\r]+/).filter((word) => word.length);
  const lengths = words.length ? words.map((word) => word.length) : [0];
  let x = 1;
  for (let i = 0; i < ROUNDS; i++) x = (x * 48271 + lengths[i % lengths.length]) % 2147483647;
  return words.length + " " + x + "\\n";
}
""",
    "cpp": """
#include <bits/stdc++.h>
using namespace std;
static const long ROUNDS = @ROUNDS@;

string solve(const string& data) {
    istringstream in(data);
    vector<long long> lengths;
    for (string word; in >> word;) lengths.push_back((long long)word.size());
    const size_t words = lengths.size();
    if (!words) lengths.push_back(0);
    long long x = 1;
    for (long i = 0; i < ROUNDS; i++) x = (x * 48271 + lengths[i % lengths.size()]) % 2147483647;
    return to_string(words) + " " + to_string(x) + "\\n";
}
""",
    "rust": """
use std::io::{Read, Write};
const ROUNDS: usize = @ROUNDS@;

fn solve(data: &[u8]) -> String {
    let mut lengths: Vec<u64> = data
        .split(|byte| matches!(byte, b' ' | 9..=13))
        .filter(|word| !word.is_empty())
        .map(|word| word.len() as u64)
        .collect();
    let words = lengths.len();
    if words == 0 {
        lengths.push(0);
    }
    let mut x: u64 = 1;
    for i in 0..ROUNDS {
        x = (x * 48271 + lengths[i % lengths.len()]) % 2147483647;
    }
    format!("{} {}\\n", words, x)
}
""",
}

_MAIN: dict[Language, str] = {
    "python": "sys.stdout.buffer.write(solve(sys.stdin.buffer.read()))\n",
    "javascript": 'process.stdout.write(solve(fs.readFileSync(0, "latin1")));\n',
    "cpp": """
int main() {
    const string data((istreambuf_iterator<char>(cin)), istreambuf_iterator<char>());
    cout << solve(data);
}
""",
    "rust": """
fn main() {
    let mut data = Vec::new();
    std::io::stdin().read_to_end(&mut data).unwrap();
    std::io::stdout().write_all(solve(&data).as_bytes()).unwrap();
}
""",
}

# Standard input is all tests, each behind its length on a line; standard output is nanoseconds, then the outputs.
_BARE: dict[Language, str] = {
    "python": """
import time

tests = []
while line := sys.stdin.buffer.readline():
    tests.append(sys.stdin.buffer.read(int(line)))
began = time.perf_counter_ns()
outputs = [solve(data) for data in tests]
print(time.perf_counter_ns() - began, flush=True)
sys.stdout.buffer.write(b"".join(outputs))
""",
    "javascript": """
const packed = fs.readFileSync(0, "latin1");
const tests = [];
for (let at = 0; at < packed.length; ) {
  const line = packed.indexOf("\\n", at) + 1;
  const end = line + Number(packed.slice(at, line));
  tests.push(packed.slice(line, end));
  at = end;
}
const began = process.hrtime.bigint();
const outputs = tests.map(solve);
process.stdout.write(process.hrtime.bigint() - began + "\\n" + outputs.join(""));
""",
    "cpp": """
int main() {
    vector<string> tests, outputs;
    for (string line; getline(cin, line);) {
        string data(stoul(line), 0);
        cin.read(data.data(), (streamsize)data.size());
        tests.push_back(data);
    }
    const auto began = chrono::steady_clock::now();
    for (const auto& data : tests) outputs.push_back(solve(data));
    const auto took = chrono::steady_clock::now() - began;
    cout << chrono::duration_cast<chrono::nanoseconds>(took).count() << "\\n";
    for (const auto& text : outputs) cout << text;
}
""",
    "rust": """
fn main() {
    let mut packed = Vec::new();
    std::io::stdin().read_to_end(&mut packed).unwrap();
    let (mut tests, mut at) = (Vec::new(), 0);
    while at < packed.len() {
        let line = at + packed[at..].iter().position(|&byte| byte == b'\\n').unwrap();
        let size: usize = std::str::from_utf8(&packed[at..line]).unwrap().parse().unwrap();
        tests.push(&packed[line + 1..line + 1 + size]);
        at = line + 1 + size;
    }
    let began = std::time::Instant::now();
    let outputs: Vec<String> = tests.iter().map(|data| solve(data)).collect();
    let text = format!("{}\\n{}", began.elapsed().as_nanos(), outputs.concat());
    std::io::stdout().write_all(text.as_bytes()).unwrap();
}
""",
}

# What contest solutions in Python begin with; a cold interpreter reads these modules for each test.
USUAL_IMPORTS = """
import bisect
import collections
import functools
import heapq
import itertools
import math
import random
import re
import string
"""


def solution(language: Language, rounds: int, imports: str = "") -> Program:
    """The program as it is judged: one test, from standard input to standard output."""
    text = imports + _SOLVE[language].replace("@ROUNDS@", str(rounds)) + _MAIN[language]
    return Program(language, text.encode())


def bare(language: Language, rounds: int) -> Program:
    """The same function over all tests in one process, with its own time."""
    return Program(language, (_SOLVE[language].replace("@ROUNDS@", str(rounds)) + _BARE[language]).encode())


# What a contest solution uses: containers, a heap, sorting, formatted output.
_COMPILE: dict[Language, str] = {
    "python": """
import heapq
import sys


def main():
    n, m, *rest = map(int, sys.stdin.buffer.read().split())
    near = [[] for _ in range(n + 1)]
    for a, b, w in zip(rest[::3], rest[1::3], rest[2::3]):
        near[a].append((b, w))
        near[b].append((a, w))
    far, heap = {}, [(0, 1)]
    while heap:
        d, a = heapq.heappop(heap)
        if a not in far:
            far[a] = d
            for b, w in near[a]:
                heapq.heappush(heap, (d + w, b))
    print(*sorted(far.values()))


main()
""",
    "javascript": """
const [n, m, ...rest] = require("fs").readFileSync(0, "utf8").split(/\\s+/).filter(Boolean).map(Number);
const near = Array.from({ length: n + 1 }, () => []);
for (let i = 0; i < m; i++) {
  const [a, b, w] = rest.slice(3 * i, 3 * i + 3);
  near[a].push([b, w]);
  near[b].push([a, w]);
}
const far = new Map();
const open = [[0, 1]];
while (open.length) {
  open.sort((p, q) => q[0] - p[0]);
  const [d, a] = open.pop();
  if (far.has(a)) continue;
  far.set(a, d);
  for (const [b, w] of near[a]) open.push([d + w, b]);
}
console.log([...far.values()].sort((p, q) => p - q).join(" "));
""",
    "cpp": """
#include <bits/stdc++.h>
using namespace std;

int main() {
    ios::sync_with_stdio(false);
    int n, m;
    cin >> n >> m;
    map<int, vector<pair<int, long long>>> near;
    for (int i = 0; i < m; i++) {
        int a, b;
        long long w;
        cin >> a >> b >> w;
        near[a].push_back({b, w});
        near[b].push_back({a, w});
    }
    unordered_map<int, long long> far;
    priority_queue<pair<long long, int>, vector<pair<long long, int>>, greater<>> heap;
    heap.push({0, 1});
    while (!heap.empty()) {
        auto [d, a] = heap.top();
        heap.pop();
        if (!far.emplace(a, d).second) continue;
        for (auto& [b, w] : near[a]) heap.push({d + w, b});
    }
    vector<long long> all;
    for (auto& [a, d] : far) all.push_back(d);
    sort(all.begin(), all.end());
    for (size_t i = 0; i < all.size(); i++) cout << (i ? " " : "") << all[i];
    cout << endl;
}
""",
    "rust": """
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};
use std::io::Read;

fn main() {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).unwrap();
    let mut numbers = text.split_whitespace().map(|word| word.parse::<u64>().unwrap());
    let (_, m) = (numbers.next().unwrap(), numbers.next().unwrap());
    let mut near: BTreeMap<u64, Vec<(u64, u64)>> = BTreeMap::new();
    for _ in 0..m {
        let (a, b, w) = (numbers.next().unwrap(), numbers.next().unwrap(), numbers.next().unwrap());
        near.entry(a).or_default().push((b, w));
        near.entry(b).or_default().push((a, w));
    }
    let mut far: HashMap<u64, u64> = HashMap::new();
    let mut heap = BinaryHeap::from([Reverse((0u64, 1u64))]);
    while let Some(Reverse((d, a))) = heap.pop() {
        if far.contains_key(&a) {
            continue;
        }
        far.insert(a, d);
        for &(b, w) in near.get(&a).map(Vec::as_slice).unwrap_or(&[]) {
            heap.push(Reverse((d + w, b)));
        }
    }
    let mut all: Vec<u64> = far.into_values().collect();
    all.sort();
    println!("{}", all.iter().map(u64::to_string).collect::<Vec<_>>().join(" "));
}
""",
}
COMPILE_INPUT, COMPILE_OUTPUT = b"4 4\n1 2 5\n2 3 1\n1 3 9\n3 4 2\n", b"0 5 6 8\n"


def to_compile(language: Language) -> Program:
    """Shortest paths, as a contest asks for them."""
    return Program(language, _COMPILE[language].encode())
