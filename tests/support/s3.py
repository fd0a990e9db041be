"""A local S3 server for tests marked s3."""

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
    """A bucket on a server of its own."""
    import s3fs
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        options = {"key": "test", "secret": "test", "client_kwargs": {"endpoint_url": f"http://{host}:{port}"}}
        name = f"bucket-{secrets.token_hex(4)}"  # servers of one process share what they hold
        s3fs.S3FileSystem(**options).mkdir(name)
        yield Bucket(f"s3://{name}", options)
    finally:
        server.stop()
