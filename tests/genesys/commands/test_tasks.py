"""The tasks of ``genesys generate``: the same rows and the same errors, shuffled or not."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from genesys.commands.tasks import TaskList
from genesys.faults import GenesysError
from genesys.schemas import Task
from genesys.sources import Source
from genesys.sources.opening import open_source


def tasks_of(path: Path, *, shuffle: bool) -> TaskList:
    return TaskList((open_source(Source(path=str(path))),), shuffle=shuffle)


@pytest.mark.parametrize("shuffle", [False, True])
def test_a_parquet_file_whose_name_is_a_pattern(tmp_path: Path, shuffle: bool) -> None:
    rows = [{"problem_id": f"p{i}", "source": "s", "task_type": "t", "prompt": f"q{i}"} for i in range(3)]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "part[1].parquet")
    found = list(tasks_of(tmp_path / "part[1].parquet", shuffle=shuffle))
    assert sorted(task.problem_id for task in found if isinstance(task, Task)) == ["p0", "p1", "p2"]


@pytest.mark.parametrize("shuffle", [False, True])
def test_a_broken_parquet_file_is_named(tmp_path: Path, shuffle: bool) -> None:
    (tmp_path / "broken.parquet").write_bytes(b"nothing")
    with pytest.raises(GenesysError, match=r"broken\.parquet: cannot be read as Parquet"):
        list(tasks_of(tmp_path / "broken.parquet", shuffle=shuffle))
