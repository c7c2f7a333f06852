"""What the set-up says when it cannot reach the package index, or does not trust it."""

from __future__ import annotations

import datetime
import http.server
import os
import shutil
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from commands.install import hint
from store_uptime.settings import PROJECT

TRUSTED_HERE = ("PIP_", "UV_", "SSL_", "REQUESTS_CA", "CURL_CA", "NODE_EXTRA", "HTTP", "ALL_PROXY", "NO_PROXY")
UV_NOT_TRUSTED = """error: Failed to fetch: https://localhost/simple/a2wsgi/
  cause: error sending request for url (https://localhost/simple/a2wsgi/)
  cause: client error (Connect)
  cause: invalid peer certificate: UnknownIssuer
"""
UV_NOT_REACHED = """error: Request failed after 3 retries in 4.4s
  cause: Failed to fetch: https://localhost/simple/mdurl/
  cause: tunnel error: failed to create underlying connection
  cause: tcp connect error
"""
NPM_NOT_TRUSTED = """npm error code DEPTH_ZERO_SELF_SIGNED_CERT
npm error request to https://localhost/wrappy failed, reason: self-signed certificate
"""
NPM_NOT_REACHED = """npm error code ECONNREFUSED
npm error   syscall: 'connect',
npm error If you are behind a proxy, please make sure that the 'proxy' config is set properly.
"""
WRONG_HASH = "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE."


def install(checkout: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """The set-up in a checkout of its own, with nothing but `variables` about indexes, proxies and certificates."""
    shutil.copytree(PROJECT / "commands", checkout / "commands", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("requirements.txt", "requirements-uv.txt"):
        shutil.copy(PROJECT / name, checkout)
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith(TRUSTED_HERE)}
    own = {"PIP_CONFIG_FILE": os.devnull, "PIP_RETRIES": "1", "PIP_NO_CACHE_DIR": "1", "PYTHON": sys.executable}
    return subprocess.run(
        ["sh", "commands/install.sh", "run"],
        cwd=checkout,
        env=kept | own | variables,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_dead_proxy_is_named_with_its_variable(tmp_path: Path) -> None:
    failed = install(tmp_path, HTTPS_PROXY="http://me:secret@127.0.0.1:9")
    assert failed.returncode == 1
    assert failed.stderr.splitlines()[0] == "store-uptime: creating .venv"
    assert failed.stderr.splitlines()[-1] == (
        "store-uptime: the package index cannot be reached. Behind a proxy, set HTTPS_PROXY=http://host:port "
        "(it is 127.0.0.1:9 now); for another index, PIP_INDEX_URL."
    )


@pytest.fixture
def own_ca_index(tmp_path: Path) -> Iterator[str]:
    """The URL of an index with a certificate that nobody has signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    day = datetime.timedelta(days=1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - day)
        .not_valid_after(now + day)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, form = tmp_path / "index.pem", serialization.PrivateFormat.PKCS8
    pem.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever).start()
        yield f"https://localhost:{server.server_port}/simple"
        server.shutdown()


def test_a_private_ca_is_named_with_its_variables(tmp_path: Path, own_ca_index: str) -> None:
    (tmp_path / "checkout").mkdir()
    failed = install(tmp_path / "checkout", PIP_INDEX_URL=own_ca_index)
    assert failed.returncode == 1
    assert failed.stderr.splitlines()[-1] == (
        "store-uptime: the certificate of the package index is not trusted. With a private CA, set PIP_CERT, "
        "SSL_CERT_FILE and NODE_EXTRA_CA_CERTS (pip, uv and npm read one each) to the PEM file of its certificates."
    )


@pytest.mark.parametrize(
    ("output", "variable"),
    [
        (UV_NOT_TRUSTED, "SSL_CERT_FILE"),
        (NPM_NOT_TRUSTED, "NODE_EXTRA_CA_CERTS"),
        (UV_NOT_REACHED, "HTTPS_PROXY"),
        (NPM_NOT_REACHED, "HTTPS_PROXY"),
    ],
)
def test_what_uv_and_npm_write_is_understood(output: str, variable: str) -> None:
    assert variable in hint(output)


def test_other_failures_get_no_hint() -> None:
    assert hint(WRONG_HASH) == ""
