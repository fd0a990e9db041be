"""A local S3 server for tests marked s3."""

import functools
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple


class Bucket(NamedTuple):
    """An empty bucket, as an URL and the fsspec options to reach it."""

    url: str
    options: dict[str, Any]


@contextmanager
def s3_bucket() -> Iterator[Bucket]:
    """A bucket of its own, on a server that all of this process share."""
    import s3fs

    options = {"key": "test", "secret": "test", "client_kwargs": {"endpoint_url": _server()}}
    name = f"bucket-{secrets.token_hex(4)}"
    s3fs.S3FileSystem(**options).mkdir(name)
    yield Bucket(f"s3://{name}", options)


@functools.cache
def _server() -> str:
    """Start the server; it ends with the process."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    return f"http://{host}:{port}"
