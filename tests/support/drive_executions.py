"""A row of executions as a process that tests kill: each program leaves a line in a file when it is run.

    python -m tests.support.drive_executions FOLDER NUMBER

It prints a line for each execution that it was answered, as ``number output``.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

from genesys.calls.context import Calls, Roles
from genesys.calls.journal import Journal
from genesys.job import Compiled, Execution, Job, Run, RunResult
from genesys.verifiers.runner import VerifierRunner


def main() -> None:
    """Execute so many programs, one after the other, on the journal of a folder."""
    folder, number = Path(sys.argv[1]), int(sys.argv[2])

    class Slow:
        """Stands for the verifier of code and its sandbox."""

        max_parallel = 2
        timeout = None
        version = "1"

        def execute(self, job: Job) -> Execution:
            with (folder / "ran").open("ab") as log:
                log.write(job.source + b"\n")
            time.sleep(0.05)
            return Execution(Compiled(ok=True), (RunResult(0, "exit", exit_code=0, stdout=job.source[::-1]),), "test")

    async def all_of_them() -> None:
        with Journal(folder / "journal") as journal:
            async with VerifierRunner({"verifiable_code": Slow}) as runner:
                calls = Calls("row", journal.segment("s"), Roles(verifiers=runner))
                for one in range(number):
                    said = await calls.execute(Job("python", f"program {one}".encode(), (Run(),)))
                    print(one, said.runs[0].stdout.decode(), flush=True)

    asyncio.run(all_of_them())


if __name__ == "__main__":
    main()
