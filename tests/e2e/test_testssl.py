"""What testssl.sh, the scanner that people trust, finds of an https rule that records, and of its replay.

Offline: no name is looked up, nobody is asked. The authority is trusted (--add-ca), so that what is
left to complain of is what a local authority cannot have.
"""

import concurrent.futures
import json
import subprocess

from support import Case, clean_environment, curl, main
from tls import have
from upstreams import HttpUpstream

# Protocols, standard cipher lists, forward secrecy, server defaults, server preference, vulnerabilities.
CHECKS = ("-p", "-s", "-f", "-S", "-P", "-U")
SECONDS = 500  # some 40 on an idle machine; it starts thousands of processes

# Finding -> why it is no fault of ours.
ACCEPTED = {
    "cert_revocation": "an authority on the user's own machine publishes neither revocation lists nor OCSP",
}
SERIOUS = ("LOW", "MEDIUM", "HIGH", "CRITICAL", "FATAL")

# These were looked at and found good; a scan that did not come so far proves nothing.
GOOD = ("SSLv2 SSLv3 TLS1_2 TLS1_3 cipherlist_NULL cipherlist_aNULL cipherlist_EXPORT cipherlist_LOW "
        "cipherlist_STRONG PFS PFS_ECDHE_curves cipher_order protocol_negotiated cipher_negotiated "
        "cert_chain_of_trust cert_trust cert_notAfter heartbleed CCS ticketbleed ROBOT secure_renego "
        "secure_client_renego CRIME_TLS BREACH POODLE_SSL fallback_SCSV SWEET32 FREAK DROWN LOGJAM BEAST "
        "LUCKY13 RC4").split()


class Scanned(Case):
    def setUp(self):
        super().setUp()
        self.assertTrue(have("testssl"), "testssl is missing: samples/packages.sh names testssl.sh")
        self.environment = clean_environment(XDG_DATA_HOME=str(self.folder / "data"))
        upstream = HttpUpstream(self)
        self.rule = f"https://127.0.0.1:0=http://127.0.0.1:{upstream.port}"

    def scan(self, program, name):
        """The findings: {id: [(severity, words)]}; one id per certificate, hence a list."""
        found = self.folder / f"{name}.json"
        done = subprocess.run(
            ["testssl", "--ip", "127.0.0.1", "-n", "none", "--warnings", "off", "--color", "0", "--quiet",
             "--add-ca", program.ready["ca"], "--jsonfile", found, *CHECKS, f"localhost:{program.port}"],
            capture_output=True, text=True, timeout=SECONDS, check=False, stdin=subprocess.DEVNULL,
            cwd=self.folder, env=self.environment)
        self.assertTrue(found.exists(), done.stdout + done.stderr)
        findings = {}
        for row in json.loads(found.read_text()):
            findings.setdefault(row["id"].split()[0], []).append((row["severity"], row["finding"]))
        return findings

    def assert_good(self, findings, who):
        serious = {name: rows for name, rows in findings.items()
                   if name not in ACCEPTED and any(severity in SERIOUS for severity, _ in rows)}
        self.assertEqual(serious, {}, who)
        for name in GOOD:
            self.assertEqual({severity for severity, _ in findings.get(name, [])}, {"OK"}, (who, name, findings.get(name)))
        keys = {words for _, words in findings["cert_keySize"]}
        self.assertEqual(keys, {"RSA 2048 bits", "EC 256 bits"}, "clients of both kinds have a certificate of theirs")

    def test_nothing_is_worse_than_a_local_authority(self):
        recorder = self.record("--forward", self.rule, env=self.environment)
        curl("--insecure", f"https://127.0.0.1:{recorder.port}/")
        recorder.stop()
        player = self.replay(env=self.environment)
        self.store = self.folder / "scanned.db"
        recorder = self.record("--forward", self.rule, env=self.environment)
        with concurrent.futures.ThreadPoolExecutor() as scans:
            recorded = scans.submit(self.scan, recorder, "recorder")
            replayed = scans.submit(self.scan, player, "player")
            self.assert_good(recorded.result(), "record")
            self.assert_good(replayed.result(), "replay")
        self.assertIn(b"hello", curl("--cacert", recorder.ready["ca"], f"https://localhost:{recorder.port}/"))
        self.assertIn(b"hello", curl("--cacert", player.ready["ca"], f"https://localhost:{player.port}/"))
        recorder.stop()
        self.assert_store_whole()
        self.assertEqual(self.value("select count(*) from sessions where closed_at is null"), 0)


if __name__ == "__main__":
    main()
