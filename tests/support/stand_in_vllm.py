"""A stand-in for vLLM that starts at once: a package `vllm` whose API server answers with what it was asked.

What it does is told by environment variables: STAND_IN (a mode), STAND_IN_ASKED (a file that gets a line a request),
STAND_IN_DELAY (seconds that an answer takes).
"""

from __future__ import annotations

from pathlib import Path

# A leader, and a child that leads a session of its own and takes no notice of SIGTERM.
STAND_IN = """
import argparse, http.server, json, os, signal, subprocess, sys, time
parser = argparse.ArgumentParser()
for name in ("--model", "--served-model-name", "--host", "--tensor-parallel-size", "--pipeline-parallel-size",
             "--data-parallel-size", "--mark"):
    parser.add_argument(name)
parser.add_argument("--port", type=int)
parser.add_argument("--disable-uvicorn-access-log", action="store_true")
args = parser.parse_args()
mode = os.environ.get("STAND_IN", "")
deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
if mode != "plain" and not mode.startswith("takes "):
    subprocess.Popen([sys.executable, "-c", deaf], start_new_session=mode != "one session")
open(os.path.join(os.environ["VLLM_RPC_BASE_PATH"], "socket"), "w").close()
print("scratch", os.environ["VLLM_RPC_BASE_PATH"])
if mode == "dies":
    for line in range(100):
        print("line", line)
    sys.exit("ValueError: no such model")
if mode == "deaf":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if mode == "hangs":
    time.sleep(600)
if mode.startswith("takes "):  # so much of the only GPU's memory, of which there is 1
    import fcntl
    memory = open(mode.split()[2], "w")
    try:
        fcntl.flock(memory, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit("ValueError: free memory on device is less than desired")
key = os.environ.get("VLLM_API_KEY")

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path != "/health" and key and self.headers["Authorization"] != "Bearer " + key:
            return self.answer(401, {"error": "no"})
        self.answer(200, {"data": [{"id": args.served_model_name}]})

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if key and self.headers["Authorization"] != "Bearer " + key:
            return self.answer(401, {"error": "no"})
        if "STAND_IN_ASKED" in os.environ:
            with open(os.environ["STAND_IN_ASKED"], "a") as file:
                file.write(json.dumps(asked["messages"][-1]["content"]) + "\\n")
        if asked["messages"][-1]["content"] == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(float(os.environ.get("STAND_IN_DELAY", "0")))
        said = {"role": "assistant", "content": "You said: " + asked["messages"][-1]["content"]}
        self.answer(200, {
            "id": "1", "object": "chat.completion", "created": 1, "model": args.served_model_name,
            "choices": [{"index": 0, "message": said, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7},
        })

    def log_message(self, *words):
        pass

http.server.ThreadingHTTPServer((args.host, args.port), Handler).serve_forever()
"""


def write_package(folder: Path) -> Path:
    """Write the package into a folder, which is then put on PYTHONPATH."""
    server = folder / "vllm" / "entrypoints" / "openai" / "api_server.py"
    server.parent.mkdir(parents=True)
    (folder / "vllm" / "__init__.py").touch()
    server.write_text(STAND_IN)
    return folder
