"""Signatures by DKIM, verified by dkimpy (python3-dkim), which knows nothing of ours."""

import base64
import pathlib
import subprocess
import tempfile
import time
import unittest

import dkim

import rig

SIGN = rig.BUILD / "tests/dkim_sign"

DOMAIN = b"a.test"

# Header sections, as odd as they may be.
HEADERS = (
    b"From: a@a.test\r\n",
    b"From: A <a@a.test>\r\nTo: b@b.test\r\nSubject: x\r\nDate: Thu, 1 Jan 2026 00:00:00 +0000\r\n"
    b"Message-ID: <1@a.test>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n",
    # Folded, with blanks everywhere.
    b"FROM:\t \"A,\r\n\t  B\"  \r\n <a@a.test> \t\r\nsubject:\r\n \r\n  two   \t words \r\nTo:b@b.test\r\n",
    # Several of a name, from which the lowest come first.
    b"To: 1\r\nCc: 2\r\nTo: 3\r\nFrom: a@a.test\r\nTO: 4\r\nReceived: 5\r\nFrom: b@b.test\r\n",
    # Empty values, colons, bytes that are no ASCII.
    b"Subject:\r\nFrom: a@a.test\r\nReply-To: :;:\r\nTo: \xc3\xa4@b.test\r\nX-Not-Signed: \xff\r\n",
    # More than anybody has.
    b"From: a@a.test\r\n" + b"".join(b"Cc: %d@b.test\r\n" % number for number in range(300)),
    b"From: a@a.test\r\nReferences:" + b"".join(b"\r\n <%d@a.test>" % number for number in range(500)) + b"\r\n",
    # It has a signature already, by somebody else.
    b"DKIM-Signature: v=1; a=rsa-sha256; d=other.test; s=s; h=from; bh=AAAA; b=AAAA\r\nFrom: a@a.test\r\n",
)

BODIES = (
    None,  # not even an empty line
    b"",
    b"\r\n",
    b"\r\n\r\n\r\n",
    b" \t\r\n",
    b"text",
    b"text\r\n",
    b"text\r\n\r\n \t\r\n\r\n",
    b"\r\n\r\n  text  of \t words \t\r\n\tmore\r\n \r\n.\r\n..\r\n",
    b"a\rb\r\rc \r d\r\n",
    bytes(byte for byte in range(256) if byte not in b"\r\n") + b"\r\n",
    b"x" * 5000 + b"\r\n",
    b"".join(b"line %d  of many\t\r\n" % number for number in range(20_000)),
)


def private_key(folder, name, *how):
    """A key that OpenSSL makes, and the text that DNS would have of it."""
    file = folder / f"{name}.pem"
    subprocess.run(["openssl", "genpkey", *how, "-out", file], check=True, capture_output=True)
    public = subprocess.run(["openssl", "pkey", "-in", file, "-pubout", "-outform", "DER"],
                            check=True, capture_output=True).stdout
    if "ed25519" in how:  # the key itself (RFC 8463, 4)
        return file, b"v=DKIM1; k=ed25519; p=" + base64.b64encode(public[-32:])
    return file, b"v=DKIM1; k=rsa; p=" + base64.b64encode(public)


class Dkim(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="millrace-dkim-")
        cls.addClassCleanup(folder.cleanup)
        rsa = ("-algorithm", "RSA", "-pkeyopt")
        cls.keys = {
            name: private_key(pathlib.Path(folder.name), name, *how)
            for name, how in (("rsa1024", (*rsa, "rsa_keygen_bits:1024")),
                              ("rsa2048", (*rsa, "rsa_keygen_bits:2048")),
                              ("rsa4096", (*rsa, "rsa_keygen_bits:4096")),
                              ("ed", ("-algorithm", "ed25519")))}

    def sign(self, selector, message, *more):
        done = subprocess.run([SIGN, self.keys[selector][0], DOMAIN, selector, *more],
                              input=message, capture_output=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertTrue(done.stdout.endswith(message))
        return done.stdout

    def verifies(self, message):
        """Whether the first signature is right, by the keys that DNS would have."""
        records = {f"{name}._domainkey.{DOMAIN.decode()}.": record
                   for name, (_, record) in self.keys.items()}
        verifier = dkim.DKIM(message)
        return verifier.verify(dnsfunc=lambda name, timeout=5: records[name.decode().lower()])

    def test_any_message_verifies(self):
        for number, header in enumerate(HEADERS):
            for body in BODIES:
                message = header if body is None else header + b"\r\n" + body
                for selector in self.keys:
                    with self.subTest(header=number, body=body and body[:40], selector=selector):
                        self.assertTrue(self.verifies(self.sign(selector, message)))

    def test_what_is_changed_does_not(self):
        message = HEADERS[1] + b"\r\ntext  of words\r\n"
        for selector in self.keys:
            signed = self.sign(selector, message, str(int(time.time())))
            for old, new, right in (
                    (b"text", b"text", True),
                    (b"text  of", b"text of \t", True),        # relaxed
                    (b"Subject: x", b"SUBJECT:  x  ", True),
                    (b"text", b"Text", False),
                    (b"From: A <a", b"From: A <b", False),
                    (b"Message-ID: <1", b"Message-ID: <2", False),
                    (b"d=a.test", b"d=A.test", False),
                    (b"t=1", b"t=2", False)):
                with self.subTest(selector=selector, new=new):
                    changed = signed.replace(old, new, 1)
                    self.assertTrue(old == new or changed != signed)
                    self.assertEqual(self.verifies_or_refuses(changed), right)

    def verifies_or_refuses(self, message):
        try:
            return self.verifies(message)
        except dkim.DKIMException:
            return False

    def test_lines_are_short(self):
        for header in HEADERS:
            signed = self.sign("rsa4096", header + b"\r\n")
            for line in signed[:len(signed) - len(header) - 2].splitlines():
                self.assertLessEqual(len(line), 78)

    def test_without_a_from_nothing_is_signed(self):
        for message in b"To: a@a.test\r\n\r\ntext\r\n", b"\r\ntext\r\n", b"text":
            self.assertEqual(self.sign("ed", message), message)


if __name__ == "__main__":
    unittest.main()
