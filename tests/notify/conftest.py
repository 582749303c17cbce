"""A certificate for TLS on loopback."""

import ssl

import pytest
import trustme


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ssl.SSLContext]:
    """The file of its authority, to trust it, and a server's context that has it."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    trusted = tmp_path_factory.mktemp("certificate") / "ca.pem"
    authority.cert_pem.write_to_path(str(trusted))
    return str(trusted), context
