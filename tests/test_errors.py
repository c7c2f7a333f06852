"""Errors of folders: which of them may pass, and that all of them say where."""

from __future__ import annotations

import errno

import aiohttp
import pytest
from botocore.exceptions import EndpointConnectionError, NoCredentialsError, ReadTimeoutError, ResponseStreamingError

from store_uptime.errors import DiskFullError, NoAnswerError, naming_place

URL = {"endpoint_url": "http://storage/stores"}


def raised_in_place(error: Exception) -> Exception:
    with pytest.raises(Exception) as caught, naming_place("The folder"):  # noqa: PT011 (which one is the question)
        raise error
    return caught.value


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.EIO, "We encountered an internal error. Please try again."),
        OSError(errno.EBUSY, "Please reduce your request rate."),
        OSError(errno.ESTALE, "Stale file handle"),
        OSError(errno.ENETUNREACH, "Network is unreachable"),
        ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"),
        TimeoutError(errno.ETIMEDOUT, "Connection timed out"),
        TimeoutError(),
        EndpointConnectionError(**URL),
        ReadTimeoutError(**URL),
        ResponseStreamingError(error="cut"),
        aiohttp.ClientPayloadError("cut"),
        aiohttp.ServerDisconnectedError(),
    ],
    ids=repr,
)
def test_what_may_pass_names_the_place(error: Exception) -> None:
    named = raised_in_place(error)
    assert isinstance(named, NoAnswerError)
    assert str(named).startswith("The folder does not answer: ")
    assert not str(named).endswith(": ")
    assert named.__cause__ is error


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_names_the_place(number: int) -> None:
    named = raised_in_place(OSError(number, "full"))
    assert isinstance(named, DiskFullError)
    assert str(named).startswith("The folder is full. ")


@pytest.mark.parametrize(
    "error",
    [
        FileNotFoundError(errno.ENOENT, "No such file or directory"),
        PermissionError(errno.EACCES, "Permission denied"),
        IsADirectoryError(errno.EISDIR, "Is a directory"),
        OSError(errno.ELOOP, "Too many levels of symbolic links"),
        NoCredentialsError(),
        ValueError("no place's"),
    ],
    ids=repr,
)
def test_what_stays_as_it_is(error: Exception) -> None:
    assert raised_in_place(error) is error
