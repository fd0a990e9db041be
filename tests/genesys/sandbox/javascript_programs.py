"""JavaScript programs of the shapes that solutions take. Each must run in the warm launcher as in a cold node."""

# ruff: noqa: E501 - programs stand as people write them, many in one line
from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Program:
    """A program and its input.

    Args:
        name: What it does.
        source: Its text.
        stdin: Its standard input.
        argv: Words after its name.
        piped: Whether the input comes through a pipe, not a file.
        file: What it is called.
        loses_output: Whether a cold node may lose the end of its output, by how fast that is read.
    """

    name: str
    source: str
    stdin: str = "3 4\n1 2 3\nabc def\n"
    argv: tuple[str, ...] = ()
    piped: bool = False
    file: str = "solution.js"
    loses_output: bool = False


READS_ALL = "const t = require('fs').readFileSync({}, 'utf8'); console.log(t.length, t.trim().split('\\n'));"
EACH_LINE = """
const readline = require('readline');
const rl = readline.createInterface({ input: process.stdin });
const lines = [];
rl.on('line', (line) => lines.push(line));
rl.on('close', () => { const [a, b] = lines[0].split(' ').map(Number); console.log(a + b, lines.length); });
"""
BIG = "1 22 333 4444\n" * 200_000

PROGRAMS = (
    Program("read fd 0", READS_ALL.format("0")),
    Program("read fd 0 of a pipe", READS_ALL.format("0"), piped=True),
    Program("read /dev/stdin", READS_ALL.format("'/dev/stdin'")),
    Program("read /dev/stdin of no bytes", READS_ALL.format("'/dev/stdin'"), stdin=""),
    Program("read /proc/self/fd/0", READS_ALL.format("'/proc/self/fd/0'")),
    Program("readline events", EACH_LINE),
    Program("readline events of a pipe", EACH_LINE, piped=True),
    Program("readline events of big input", EACH_LINE, stdin=BIG),
    Program("readline events of a big pipe", EACH_LINE, stdin=BIG, piped=True),
    Program(
        "readline for await",
        """
async function main() {
  const rl = require('readline').createInterface({ input: process.stdin, crlfDelay: Infinity });
  let n = 0;
  for await (const line of rl) { n += line.length; console.log(line); }
  console.log(n);
}
main();
""",
    ),
    Program(
        "readline iterator",
        """
const it = require('readline').createInterface(process.stdin)[Symbol.asyncIterator]();
const next = async () => (await it.next()).value;
(async () => { console.log(await next()); console.log(await next()); process.exit(); })();
""",
    ),
    Program(
        "readline question",
        """
const rl = require('readline').createInterface({ input: process.stdin, output: process.stdout });
rl.question('?', (a) => { rl.question('!', (b) => { console.log(a, b); rl.close(); }); });
""",
    ),
    Program(
        "readline promises",
        """
const rl = require('node:readline/promises').createInterface({ input: process.stdin });
rl.question('').then((a) => { console.log(a); rl.close(); });
""",
    ),
    Program(
        "codeforces template",
        """
process.stdin.resume();
process.stdin.setEncoding('utf-8');
let inputString = '', currentLine = 0;
process.stdin.on('data', (chunk) => { inputString += chunk; });
process.stdin.on('end', () => { inputString = inputString.split('\\n'); main(); });
function readLine() { return inputString[currentLine++]; }
function main() { const [n, m] = readLine().split(' ').map(Number); console.log(n * m, readLine()); }
""",
    ),
    Program(
        "readable and read",
        """
let s = '';
process.stdin.on('readable', () => { let c; while ((c = process.stdin.read()) !== null) s += c; });
process.stdin.on('end', () => console.log(s.toUpperCase()));
""",
        piped=True,
    ),
    Program(
        "stdin for await",
        "(async () => { let s = ''; for await (const c of process.stdin) s += c; console.log(s); })();",
    ),
    Program(
        "stdin consumed by text()",
        "require('stream/consumers').text(process.stdin).then((t) => console.log(t.length));",
    ),
    Program("stdin piped through", "process.stdin.pipe(process.stdout);"),
    Program("stdin piped through of a pipe", "process.stdin.pipe(process.stdout);", stdin=BIG, piped=True),
    Program(
        "fs.promises",
        "require('fs').promises.readFile('/dev/stdin', 'utf8').then((t) => console.log(t.split('\\n')[1]));",
    ),
    Program(
        "readSync in pieces",
        """
const fs = require('fs'); const b = Buffer.alloc(3); let s = '', n;
while ((n = fs.readSync(0, b, 0, 3, null)) > 0) s += b.toString('utf8', 0, n);
console.log(s);
""",
    ),
    Program(
        "fs.read with a callback",
        """
const fs = require('fs'); const b = Buffer.alloc(64);
fs.read(0, b, 0, 64, null, (e, n) => console.log(e, n, b.toString('latin1', 0, n)));
""",
    ),
    Program("no input is read", "console.log('hello');"),
    Program("nothing is done", ""),
    Program("big output by console.log", "for (let i = 0; i < 100000; i++) console.log(i, 'x'.repeat(20));"),
    Program("big output at once", "console.log('abcdefghi\\n'.repeat(600000));"),
    Program("big output by write", "for (let i = 0; i < 300; i++) process.stdout.write('y'.repeat(20000) + '\\n');"),
    Program("big output before exit", "process.stdout.write('z'.repeat(3000000)); process.exit(3);", loses_output=True),
    Program("output by callbacks", "let n = 0; const w = () => n < 50 && process.stdout.write(`${n++}\\n`, w); w();"),
    Program("output by writeSync", "require('fs').writeSync(1, 'a\\n'); require('fs').writeFileSync(1, 'b\\n');"),
    Program("output by /dev/stdout", "require('fs').writeFileSync('/dev/stdout', 'one\\n'); console.log('two');"),
    Program(
        "output by a write stream",
        "const s = require('fs').createWriteStream(null, { fd: 1 }); s.write('a\\n'); s.end('b\\n');",
    ),
    Program(
        "console.table, dir, error, group",
        """
console.table([{ a: 1, b: 2 }]); console.dir({ a: { b: { c: {} } } }, { depth: 0 }); console.error('err');
console.group('g'); console.info('i'); console.groupEnd(); console.log('%d-%s-%i-%f-%j-%o-%%', 4.5, 'x', 4.5, '1.5', { a: 1 }, [1]);
""",
    ),
    Program(
        "values are shown",
        """
console.log([1, , 3], new Map([[1, { a: 2 }]]), new Set('ab'), [undefined, null], -0, 1n, Symbol('s'), () => 1, class A {},
  new Float64Array(3), Buffer.from('ab'), new Date(0), /x/g, new Error('e').message, 'q', ['q'], { 'a-b': [[[[1]]]] }, NaN,
  Array.from({ length: 120 }, (_, i) => i), new Proxy({}, {}), globalThis === global, process.stdout.isTTY, process.stdin.isTTY);
""",
    ),
    Program("exit code", "process.exit(7);"),
    Program("exit code later", "process.exitCode = 5; setTimeout(() => console.log('last'), 5);"),
    Program(
        "exit handlers",
        """
process.on('exit', (c) => { console.log('exit', c); process.exitCode = 9; });
process.on('beforeExit', () => console.log('before'));
""",
    ),
    Program("uncaught error", "console.log('a'); throw new Error('boom');"),
    Program("uncaught error later", "setTimeout(() => { null.x; }, 1); setTimeout(() => console.log('never'), 50);"),
    Program("uncaught value", "throw 3;"),
    Program(
        "uncaught error is handled",
        "process.on('uncaughtException', (e) => console.log('got', e.message)); throw new Error('boom');",
    ),
    Program("rejection", "Promise.reject(new Error('no')); setTimeout(() => console.log('never'), 50);"),
    Program(
        "rejection is handled", "process.on('unhandledRejection', (e) => console.log('got', e)); Promise.reject(4);"
    ),
    Program("error in an exit handler", "process.on('exit', () => { throw new Error('x'); }); console.log(1);"),
    Program("syntax error", "let a = ;"),
    Program("missing module", "require('lodash');"),
    Program("assertion", "require('assert').strictEqual(1, 2);"),
    Program("abort", "process.abort();"),
    Program("kills itself", "process.kill(process.pid, 'SIGTERM'); setTimeout(() => {}, 5000);"),
    Program(
        "signal handler",
        "process.on('SIGUSR2', () => { console.log('signal'); process.exit(0); }); process.kill(process.pid, 'SIGUSR2'); setTimeout(() => {}, 5000);",
    ),
    Program(
        "order of turns",
        """
setTimeout(() => console.log('timeout'), 0); setImmediate(() => console.log('immediate')); process.nextTick(() => console.log('tick'));
Promise.resolve().then(() => console.log('micro')); queueMicrotask(() => console.log('micro 2'));
(async () => { await null; console.log('await'); })(); console.log('main');
""".replace("setImmediate(() => console.log('immediate'));", ""),
    ),
    Program(
        "timers and intervals",
        "let n = 0; const t = setInterval(() => { console.log(++n); if (n === 3) clearInterval(t); }, 2);",
    ),
    Program("promises left pending", "new Promise(() => {}); console.log('done');"),
    Program(
        "await that never ends",
        "(async () => { await new Promise(() => {}); console.log('never'); })(); console.log('done');",
    ),
    Program(
        "many promises",
        """
(async () => { let s = 0; for (let i = 0; i < 200000; i++) s += await i; console.log(s);
console.log((await Promise.all(Array.from({ length: 1000 }, (_, i) => new Promise((r) => setTimeout(r, i % 7, i))))).length); })();
""",
    ),
    Program(
        "module facts",
        """
console.log(typeof require, typeof module, typeof exports, __filename, __dirname, require.main === module, module.id, module.parent,
  module.children.length, this === module.exports, module.loaded, Object.keys(require.cache), module.paths, process.argv, process.execArgv,
  process.execPath, process.cwd(), process.title, process.argv0, arguments.length, process.env, process.version, process.getuid());
""",
        argv=("one", "two"),
    ),
    Program(
        "globals",
        "console.log(Object.getOwnPropertyNames(globalThis).sort().join(), Object.keys(process).sort().join());",
    ),
    Program(
        "clocks begin with the program",
        "console.log(performance.now() < 2000, process.uptime() < 2, Math.abs(performance.timeOrigin + performance.now() - Date.now()) < 50, process.hrtime().length);",
    ),
    Program(
        "process facts",
        "console.log(process.pid > 1, require('os').EOL === '\\n', process.ppid > 0, process.memoryUsage().rss > 1e6, process.platform);",
    ),
    Program("return at top level", "console.log(1); if (true) return; console.log(2);"),
    Program(
        "strict",
        "'use strict'; try { undeclared = 1; } catch (e) { console.log(e.name); } console.log((function () { return this; })());",
    ),
    Program(
        "sloppy",
        "undeclared = 1; console.log(globalThis.undeclared, (function () { return this === globalThis; })(), typeof delete globalThis.undeclared);",
    ),
    Program("hashbang", "#!/usr/bin/env node\nconsole.log('hash');"),
    Program("byte order mark and CRLF", "\ufeffconsole.log('bom');\r\nconsole.log(`a\r\nb`.length);\r\n"),
    Program(
        "unicode",
        "const \u03c0 = 'gr\u00fc\u00df \u4f60\u597d \U0001f600'; console.log(\u03c0, [...\u03c0].length, \u03c0.normalize('NFD').length, '\u00e4'.localeCompare('z', 'de'), (1234567.891).toLocaleString());",
    ),
    Program(
        "dates",
        "const d = new Date(2024, 0, 31, 12); d.setMonth(1); console.log(d.toISOString(), d.toString(), d.toLocaleDateString('en-US'), new Intl.DateTimeFormat('de').format(d));",
    ),
    Program(
        "big integers",
        "let f = 1n; for (let i = 1n; i <= 500n; i++) f *= i; console.log(f % 1000000007n, f.toString().length, BigInt.asUintN(64, -1n));",
    ),
    Program(
        "regular expressions",
        "console.log('aXbXc'.replace(/x/gi, (m, i) => i), 'a1b22'.match(/\\d+/g), [...'k=v;q=w'.matchAll(/(?<k>\\w)=(?<v>\\w)/g)].map((m) => m.groups.v), /^(a+)+$/.test('a'.repeat(20)), /\\p{L}+/u.exec('\u00e4\u00f6 1')[0]);",
    ),
    Program(
        "sorting is stable",
        "const a = Array.from({ length: 2000 }, (_, i) => [i % 7, i]); a.sort((x, y) => x[0] - y[0]); console.log(a.slice(0, 5), a.at(-1), [3, 20, 100].sort(), [1, 2, 3].toSorted?.((x, y) => y - x));",
    ),
    Program(
        "hot loops are optimised",
        """
function sieve(n) { const c = new Uint8Array(n + 1); let k = 0; for (let i = 2; i <= n; i++) { if (!c[i]) { k++; for (let j = i * i; j <= n; j += i) c[j] = 1; } } return k; }
console.log(sieve(3000000)); let h = 0; for (let i = 0; i < 2e7; i++) h = (Math.imul(h, 31) + i) | 0; console.log(h);
""",
    ),
    Program(
        "garbage is collected",
        """
let keep = []; let sum = 0;
for (let i = 0; i < 3000000; i++) { const o = { i, a: [i, i + 1], s: 'x' + i }; sum += o.a[1] + o.s.length; if (i % 100 === 0) keep.push(o); }
console.log(sum, keep.length, keep.reduce((t, o) => t + o.i, 0));
""",
    ),
    Program(
        "dynamic programming",
        """
const n = 1500; const d = Array.from({ length: n }, () => new Array(n).fill(0));
for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) d[i][j] = i && j ? (d[i - 1][j] + d[i][j - 1] + 1) % 1000003 : 1;
console.log(d[n - 1][n - 1]);
""",
    ),
    Program(
        "maps and strings",
        """
const m = new Map(); for (let i = 0; i < 300000; i++) { const k = 'k' + (i * 7919) % 5003; m.set(k, (m.get(k) || 0) + 1); }
console.log(m.size, [...m.entries()].sort((a, b) => a[0] < b[0] ? -1 : 1).slice(0, 3), Object.keys({ b: 1, 2: 1, a: 1, 1: 1 }));
""",
    ),
    Program("recursion of some depth", "function d(n) { return n === 0 ? 0 : 1 + d(n - 1); } console.log(d(8000));"),
    Program(
        "endless recursion is an error",
        "let n = 0; function f() { n++; f(); } try { f(); } catch (e) { console.log(e instanceof RangeError, e.message, n > 5000); }",
    ),
    Program("endless recursion is not caught", "function f() { return f() + 1; } f();"),
    Program(
        "json",
        'const o = JSON.parse(\'{"a":[1,{"b":null}],"__proto__":1}\'); console.log(JSON.stringify(o, null, 1), JSON.stringify({ u: undefined, d: new Date(0) }));',
    ),
    Program(
        "classes and generators",
        """
class A { #x = 1; static s = 2; get x() { return this.#x; } static { A.t = 3; } *g() { yield* [1, 2]; } }
class B extends A { constructor() { super(); this.y = super.x; } }
console.log(new B().y, A.s, A.t, [...new B().g()], new B());
function* fib() { let [a, b] = [0, 1]; for (;;) { yield a; [a, b] = [b, a + b]; } }
const r = []; for (const v of fib()) { if (v > 100) break; r.push(v); } console.log(r.join());
""",
    ),
    Program(
        "eval and vm",
        "var q = 3; console.log(eval('q + 1'), new Function('a', 'return a * 2')(4), require('vm').runInNewContext('x + 1', { x: 1 }));",
    ),
    Program(
        "weak references",
        "const r = new WeakRef({ a: 1 }); new FinalizationRegistry(() => {}).register({}, 1); console.log(r.deref(), new WeakMap([[r, 1]]).get(r));",
    ),
    Program(
        "files of its own",
        """
const fs = require('fs'); fs.writeFileSync('out.txt', 'abc'); console.log(fs.readFileSync('out.txt', 'utf8'), fs.readdirSync('.'), fs.statSync('out.txt').size);
fs.unlinkSync('out.txt'); try { fs.readFileSync('none.txt'); } catch (e) { console.log(e.code, e.message); }
""",
    ),
    Program(
        "files by callbacks",
        "const fs = require('fs'); fs.writeFile('o', 'abc', () => fs.readFile('o', 'utf8', (e, t) => { console.log(t); fs.unlink('o', () => console.log('gone')); }));",
    ),
    Program(
        "compression and hashes",
        "const z = require('zlib'), c = require('crypto'); console.log(z.gunzipSync(z.gzipSync('abc')).toString(), c.createHash('sha256').update('a').digest('hex')); z.deflate('abc'.repeat(999), (e, b) => { console.log(b.length); c.pbkdf2('a', 'b', 9, 8, 'sha1', (e, k) => console.log(k.toString('hex'))); });",
    ),
    Program(
        "events",
        "const E = require('events'); const e = new E(); e.once('a', (x) => console.log(x)); e.emit('a', 1); console.log(e.emit('a', 2)); E.once(e, 'b').then(([v]) => console.log(v)); e.emit('b', 3);",
    ),
    Program(
        "text encoders, structured clone, abort",
        "console.log(new TextDecoder().decode(new TextEncoder().encode('\u00e9')), structuredClone({ a: new Date(0) }), new AbortController().signal.aborted, btoa('a'), new URL('http://a/b?c=d').searchParams.get('c'));",
    ),
    Program(
        "atomics",
        "const a = new Int32Array(new SharedArrayBuffer(8)); Atomics.add(a, 0, 5); console.log(Atomics.wait(a, 0, 5, 5), a[0]);",
    ),
    Program(
        "random numbers",
        "const a = Math.random(), b = Math.random(); console.log(a !== b, a >= 0 && a < 1, require('crypto').randomUUID().length);",
    ),
    Program(
        "import",
        "import fs from 'fs';\nimport { EOL } from 'node:os';\nconsole.log(fs.readFileSync(0, 'utf8').length, EOL, typeof require, import.meta.url);",
    ),
    Program(
        "import of .mjs",
        "import * as fs from 'fs'; console.log(fs.readFileSync(0, 'utf8').length, typeof module, this);",
        file="solution.mjs",
    ),
    Program(
        "top-level await",
        "import rl from 'readline';\nfor await (const l of rl.createInterface({ input: process.stdin })) console.log(l);\nconsole.log(await Promise.resolve(4));",
    ),
    Program("top-level await alone", "const a = await Promise.resolve(4);\nconsole.log(a);"),
    Program("top-level await that never ends", "import fs from 'fs';\nawait new Promise(() => {});"),
    Program(
        "dynamic import",
        "import('fs').then((fs) => console.log(typeof fs.readFileSync)); import('node:path').then((p) => console.log(p.sep));",
    ),
    Program("export", "export const a = 1; export default function f() {} console.log(a);"),
    Program("error in import", "import nothing from 'none';"),
    Program(
        "worker",
        """
const { Worker, isMainThread, parentPort } = require('worker_threads');
if (isMainThread) new Worker(__filename).on('message', (m) => console.log('got', m)).on('exit', (c) => console.log('exit', c)); else parentPort.postMessage(42);
""",
    ),
    Program(
        "worker by another name",
        """
const { Worker } = require('worker' + '_threads');
new Worker("require('worker_threads').parentPort.postMessage(6 * 7)", { eval: true }).on('message', (m) => console.log('got', m)).on('exit', (c) => console.log('exit', c));
""",
    ),
    Program(
        "web assembly",
        "const b = new Uint8Array([0,97,115,109,1,0,0,0,1,7,1,96,2,127,127,1,127,3,2,1,0,7,7,1,3,97,100,100,0,0,10,9,1,7,0,32,0,32,1,106,11]); WebAssembly.instantiate(b).then((m) => console.log(m.instance.exports.add(2, 3)));",
    ),
    Program(
        "web assembly by another name",
        "const b = new Uint8Array([0,97,115,109,1,0,0,0,1,7,1,96,2,127,127,1,127,3,2,1,0,7,7,1,3,97,100,100,0,0,10,9,1,7,0,32,0,32,1,106,11]); globalThis['Web' + 'Assembly'].instantiate(b).then((m) => console.log(m.instance.exports.add(2, 3)));",
    ),
    Program(
        "child process",
        "const c = require('child_process'); console.log(c.execSync('echo hi').toString()); c.exec('exit 3', (e) => console.log(e.code));",
    ),
    Program(
        "child process by another name",
        "const c = require('child' + '_process'); console.log(c.execSync('echo hi').toString()); c.spawn('sh', ['-c', 'cat; exit 3'], { stdio: 'inherit' }).on('exit', (n) => console.log(n));",
    ),
    Program(
        "forked child",
        "const c = require('child_process'); if (process.argv[2]) { process.send('x'); process.disconnect(); } else c.fork(__filename, ['1']).on('message', (m) => console.log(m));",
    ),
    Program(
        "node:test",
        "require('node:test')('t', () => { require('assert').ok(true); }).then(() => { console.log('tested'); process.exit(0); });",
    ),
    Program(
        "profilers and heap",
        "const v8 = require('v8'); console.log(v8.deserialize(v8.serialize({ a: [1, 2n] })), v8.getHeapStatistics().used_heap_size > 0);",
    ),
    Program(
        "async hooks and storage",
        "const { AsyncLocalStorage } = require('async_hooks'); const s = new AsyncLocalStorage(); s.run(5, () => setTimeout(() => console.log(s.getStore()), 1));",
    ),
    Program(
        "performance api",
        "const { performance, PerformanceObserver } = require('perf_hooks'); performance.mark('a'); performance.mark('b'); console.log(performance.measure('m', 'a', 'b').name, performance.getEntriesByType('mark').length); const t = performance.timerify(() => 1); console.log(t());",
    ),
    Program(
        "date and time loop",
        "const t = performance.now(); while (performance.now() - t < 20); const d = Date.now(); console.log(process.hrtime.bigint() > 0n, d > 1e12);",
    ),
)
