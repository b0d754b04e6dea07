"""Certificates of an authority that exists for the tests only (python3-trustme)."""

import atexit
import functools
import pathlib
import shutil
import ssl
import tempfile
import typing


class Certificate(typing.NamedTuple):
    file: pathlib.Path       # with its key, in PEM
    authority: pathlib.Path  # the certificate of who vouches for it


@functools.cache
def certificate():
    """One for localhost, for a server or a client."""
    import trustme  # here, since it takes a seventh of a second and few tests want it

    folder = pathlib.Path(tempfile.mkdtemp(prefix="millrace-certificate-"))
    atexit.register(shutil.rmtree, folder)
    made = Certificate(folder / "localhost.pem", folder / "authority.pem")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(made.authority)
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(made.file)
    return made


def serve_tls(connection):
    """The server's side of a TLS handshake; returns the protected connection."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate().file)
    return context.wrap_socket(connection, server_side=True)
