"""`understudy ca`: the authority is made once, for one user, and others' tools take what it hands out."""

import concurrent.futures
import json
import pathlib
import shutil
import ssl
import subprocess
import unittest

from support import PATIENCE, Case, clean_environment, main


def tool(*command, **options):
    """Standard output of another program, which must succeed."""
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=PATIENCE,
                          check=False, **options)
    if done.returncode:
        raise AssertionError(f"{command}: {done.returncode} {done.stdout}{done.stderr}")
    return done.stdout


class CaCase(Case):
    def setUp(self):
        super().setUp()
        self.data = self.folder / "data of ada"  # a blank, for the commands that are printed
        self.place = self.data / "understudy/ca"

    def ca(self, *arguments, **environment):
        return self.run_program("ca", *arguments,
                                env=clean_environment(XDG_DATA_HOME=str(self.data), **environment))

    def ca_output(self, *arguments):
        done = self.ca(*arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def facts(self):
        return json.loads(self.ca_output("show", "--json"))


class Authority(CaCase):
    def test_is_made_on_first_use_for_this_user_alone(self):
        self.assertEqual(self.ca_output("path"), f"{self.place}/ca.pem\n")
        modes = {path: path.stat().st_mode & 0o777 for path in [self.place, *self.place.iterdir()]}
        self.assertEqual(modes, {self.place: 0o700, self.place / "ca.pem": 0o644,
                                 self.place / "ca-key.pem": 0o600})
        self.assertNotIn("PRIVATE", (self.place / "ca.pem").read_text())

    def test_many_that_start_at_once_have_one(self):
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            prints = set(pool.map(lambda _: self.facts()["sha256"], range(16)))
        self.assertEqual(len(prints), 1)

    def test_lies_in_the_home_directory_by_default(self):
        done = self.run_program("ca", "path", env=clean_environment(HOME=str(self.folder), XDG_DATA_HOME=""))
        self.assertEqual(done.stdout, f"{self.folder}/.local/share/understudy/ca/ca.pem\n", done.stderr)

    def test_signs_what_openssl_verifies(self):
        self.ca_output("path")
        root, key = self.place / "ca.pem", self.place / "ca-key.pem"
        self.assertIn("OK", tool("openssl", "verify", "-x509_strict", "-CAfile", root, root))
        request, leaf = self.folder / "leaf.csr", self.folder / "leaf.pem"
        tool("openssl", "req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", self.folder / "leaf.key",
             "-subj", "/CN=a.example", "-out", request)
        tool("openssl", "x509", "-req", "-in", request, "-CA", root, "-CAkey", key, "-out", leaf)
        self.assertIn("OK", tool("openssl", "verify", "-CAfile", root, leaf))


class Show(CaCase):
    def test_says_what_openssl_says(self):
        text = self.ca_output("show")
        seen = tool("openssl", "x509", "-in", self.place / "ca.pem", "-noout", "-text", "-subject",
                    "-fingerprint", "-sha256")
        facts = self.facts()
        self.assertIn(f"ingerprint={facts['sha256']}", seen)
        self.assertIn(facts["sha256"], text)
        self.assertIn(facts["subject"], seen)
        for wanted in ("CA:TRUE, pathlen:0", "Certificate Sign, CRL Sign", "prime256v1", "CN = Understudy CA ("):
            self.assertIn(wanted, seen)
        self.assertEqual(int(facts["not_after"][:4]), int(facts["not_before"][:4]) + 10)
        for system in ("Debian", "Fedora", "macOS", "Windows", "Firefox", "Chromium", "Java", "Node", "Python",
                       "curl", "git"):
            self.assertIn(system, text)

    def test_its_commands_quote_the_path(self):
        self.assertIn(f"sudo cp '{self.place}/ca.pem' /usr/local", self.ca_output("show"))

    def test_the_bundle_that_it_describes_is_one(self):
        command = next(line for line in self.ca_output("show").splitlines() if line.startswith("  cat "))
        roots = pathlib.Path(command.split()[1])
        if not roots.exists():
            self.skipTest("this machine has no system roots")
        tool("sh", "-c", command, cwd=self.folder)
        context = ssl.create_default_context(cafile=self.folder / "understudy-bundle.pem")
        subjects = [dict(part[0] for part in one["subject"]).get("commonName", "")
                    for one in context.get_ca_certs()]
        self.assertTrue(any(name.startswith("Understudy CA (") for name in subjects), subjects)
        self.assertGreater(len(subjects), 1)


class Export(CaCase):
    def export(self, *arguments):
        target = self.folder / "exported"
        self.ca_output("export", "-o", target, *arguments)
        self.assertNotIn(b"PRIVATE KEY", target.read_bytes())
        return target

    def test_pem_is_the_default(self):
        whole = self.export().read_text()
        self.assertEqual(whole, (self.place / "ca.pem").read_text())
        self.assertEqual(self.ca_output("export"), whole)
        self.assertEqual(self.ca_output("export", "--format", "pem"), whole)

    def test_der(self):
        self.assertEqual(self.export("--format", "der").read_bytes(),
                         ssl.PEM_cert_to_DER_cert((self.place / "ca.pem").read_text()))

    def test_pkcs12_holds_the_certificate_alone(self):
        target = self.export("--format", "p12")
        whole = tool("openssl", "pkcs12", "-in", target, "-passin", "pass:changeit", "-nodes")
        self.assertIn((self.place / "ca.pem").read_text(), whole)
        self.assertEqual(whole.count("BEGIN"), 1)

    @unittest.skipUnless(shutil.which("keytool"), "keytool is missing")
    def test_java_trusts_the_pkcs12(self):
        target = self.export("--format", "p12")
        listed = tool("keytool", "-list", "-keystore", target, "-storepass", "changeit",
                      env=clean_environment(LC_ALL="C"))
        self.assertIn("1 entry", listed)
        self.assertIn("trustedCertEntry", listed)
        self.assertIn(self.facts()["sha256"], listed)


class Refusals(CaCase):
    def refused(self, code, *arguments):
        done = self.ca(*arguments)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.assertEqual(done.stdout, "")
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        return done.stderr

    def test_a_bad_command_line(self):
        for arguments in ([], ["frobnicate"], ["show", "extra"], ["export", "--format", "jks"], ["export", "-o"],
                          ["path", "--", "true"]):
            with self.subTest(arguments):
                self.assertIn("see understudy ca --help", self.refused(2, *arguments))

    def test_a_directory_that_cannot_be_made(self):
        self.data.write_text("a file")
        line = self.refused(3, "path")
        self.assertTrue(line.startswith(f"{self.data}/understudy: cannot make the directory"), line)
        self.assertIn("XDG_DATA_HOME", line)

    def test_a_key_that_others_can_read(self):
        self.ca_output("path")
        key = self.place / "ca-key.pem"
        key.chmod(0o640)
        line = self.refused(3, "show")
        self.assertTrue(line.startswith(f"{key}: "), line)
        self.assertIn("chmod 600", line)

    def test_a_damaged_key(self):
        self.ca_output("path")
        key = self.place / "ca-key.pem"
        key.write_text(key.read_text()[:100])
        line = self.refused(3, "export")
        self.assertTrue(line.startswith(f"{key}: "), line)
        self.assertIn("delete", line)

    def test_a_place_to_export_to_that_is_none(self):
        target = self.folder / "none/ca.pem"
        self.assertTrue(self.refused(3, "export", "-o", target).startswith(f"{target}: cannot write"))


if __name__ == "__main__":
    main()
