"""What a COMMAND finds in its environment: the forward proxy, whom to trust, and files that go with it."""

import json
import pathlib
import socket
import subprocess
import sys
import urllib.request

from support import PATIENCE, PROGRAM, Case, clean_environment, free_port, get, main, split_address
from upstreams import HttpUpstream

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")
BUNDLES = ("CURL_CA_BUNDLE", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "GIT_SSL_CAINFO")
FILES = (*BUNDLES, "NODE_EXTRA_CA_CERTS", "WGETRC")
ALL = (*PROXIES, "NO_PROXY", "no_proxy", *FILES, "JAVA_TOOL_OPTIONS", "NODE_OPTIONS")

# Prints the variables, the text of the files that they name, and what lies in their directory.
LOOK = f"""
import json, os, pathlib, socket
names = {ALL!r}
found = {{name: os.environ[name] for name in names if name in os.environ}}
folder = pathlib.Path(found['WGETRC']).parent if 'WGETRC' in found else None
address = found.get('HTTP_PROXY', '').rpartition('@')[2].replace('http://', '')
if address:
    socket.create_connection((address.split(':')[0], int(address.split(':')[1]))).close()
print(json.dumps({{
    'variables': found,
    'understudy': {{name: os.environ[name] for name in os.environ if name.startswith('UNDERSTUDY_')}},
    'text': {{name: pathlib.Path(found[name]).read_text() for name in {FILES!r} if name in found}},
    'folder': str(folder) if folder else None,
    'mode': folder.stat().st_mode & 0o777 if folder else None,
    'files': sorted(entry.name for entry in folder.iterdir()) if folder else [],
    'preload': (folder / 'node_preload.cjs').read_text() if folder and address else None,
}}))
"""


class CommandEnvironment(Case):
    def setUp(self):
        super().setUp()
        self.home = self.folder / "data"
        self.ca = self.home / "understudy" / "ca" / "ca.pem"

    def run_with(self, *arguments, script=LOOK, **environment):
        """Runs the script as COMMAND, in an environment that says nothing about what is set."""
        kept = {name: value for name, value in clean_environment().items()
                if name not in ALL and not name.startswith("UNDERSTUDY_")}
        environment = {**kept, "XDG_DATA_HOME": str(self.home), "HOME": str(self.folder), **environment}
        command = [PROGRAM, *map(str, arguments), "--", sys.executable, "-c", script]
        return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False,
                              cwd=self.folder, env=environment)

    def look(self, *arguments, **environment):
        done = self.run_with(*arguments, **environment)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def test_without_a_rule_there_is_a_proxy(self):
        seen = self.look("record", self.store)
        variables = seen["variables"]
        proxy = variables["HTTP_PROXY"]
        self.assertRegex(proxy, r"^http://127\.0\.0\.1:\d+$")
        for name in PROXIES:
            self.assertEqual(variables[name], proxy)
        self.assertEqual((variables["NO_PROXY"], variables["no_proxy"]), ("", ""))
        self.assertEqual(seen["understudy"]["UNDERSTUDY_PROXY"], proxy.removeprefix("http://"))

    def test_every_client_is_told_whom_to_trust(self):
        system = self.folder / "system.pem"
        self.run_program("ca", "export", "-o", system,
                         env=clean_environment(XDG_DATA_HOME=str(self.folder / "other")))
        seen = self.look("record", self.store, SSL_CERT_FILE=str(system))
        variables, text = seen["variables"], seen["text"]
        ours = self.ca.read_text()
        for name in BUNDLES:
            self.assertEqual(text[name], ours + system.read_text(), name)
        self.assertEqual(variables["NODE_EXTRA_CA_CERTS"], str(self.ca))
        self.assertEqual(text["NODE_EXTRA_CA_CERTS"], ours)
        self.assertIn(f"ca_certificate = {variables['SSL_CERT_FILE']}\n", text["WGETRC"])
        self.assertIn(f"trustStore={seen['folder']}/roots.p12 ", variables["JAVA_TOOL_OPTIONS"])
        self.assertIn("-Djavax.net.ssl.trustStorePassword=changeit", variables["JAVA_TOOL_OPTIONS"])
        host, port = variables["HTTP_PROXY"].removeprefix("http://").split(":")
        for scheme in ("http", "https"):
            self.assertIn(f"-D{scheme}.proxyHost={host} -D{scheme}.proxyPort={port}", variables["JAVA_TOOL_OPTIONS"])
        self.assertTrue(variables["JAVA_TOOL_OPTIONS"].endswith(" -Dhttp.nonProxyHosts="))
        self.assertEqual(variables["NODE_OPTIONS"], f"--require {seen['folder']}/node_preload.cjs")
        preload = pathlib.Path(__file__).resolve().parents[2] / "ui" / "cli" / "node_preload.js"
        self.assertEqual(seen["preload"], preload.read_text())

    def test_the_files_are_private_and_go(self):
        seen = self.look("record", self.store)
        self.assertEqual(seen["mode"], 0o700)
        self.assertEqual(seen["files"], ["node_preload.cjs", "roots.p12", "roots.pem", "wgetrc"])
        self.assertFalse(pathlib.Path(seen["folder"]).exists())
        done = self.run_with("record", self.store, script=LOOK + "raise SystemExit(7)")
        self.assertEqual(done.returncode, 7, done.stderr)
        self.assertFalse(pathlib.Path(json.loads(done.stdout)["folder"]).exists())

    def test_the_trust_store_opens_with_its_password(self):
        copy = self.folder / "copy.p12"
        script = ("import os, re, shutil\n"
                  f"shutil.copy(re.search('trustStore=(\\\\S+)', os.environ['JAVA_TOOL_OPTIONS'])[1], {str(copy)!r})")
        self.assertEqual(self.run_with("record", self.store, script=script).returncode, 0)
        listed = subprocess.run(["openssl", "pkcs12", "-in", copy, "-nokeys", "-passin", "pass:changeit"],
                                capture_output=True, text=True, check=True).stdout
        self.assertIn("friendlyName: understudy\n", listed)

    def test_what_the_user_set_is_kept(self):
        (self.folder / ".wgetrc").write_text("tries = 3\n")
        seen = self.look("record", self.store, JAVA_TOOL_OPTIONS="-Xmx1g", NODE_OPTIONS="--no-warnings")
        self.assertTrue(seen["variables"]["JAVA_TOOL_OPTIONS"].startswith("-Xmx1g -Djavax.net.ssl."))
        self.assertTrue(seen["variables"]["NODE_OPTIONS"].startswith("--no-warnings --require /"))
        self.assertTrue(seen["text"]["WGETRC"].startswith("tries = 3\nca_certificate = "))
        theirs = self.folder / "theirs"
        theirs.write_text("wait = 1")
        self.assertTrue(self.look("record", self.store, WGETRC=str(theirs))["text"]["WGETRC"].startswith("wait = 1\n"))

    def test_exceptions_are_those_asked_for_and_ourselves(self):
        seen = self.look("record", self.store, "--proxy", "0", "--no-proxy", "db.example.com")
        self.assertEqual(seen["variables"]["NO_PROXY"], "db.example.com")
        self.assertIn("-Dhttp.nonProxyHosts=db.example.com|*.db.example.com", seen["variables"]["JAVA_TOOL_OPTIONS"])
        ready = self.folder / "ready.json"
        upstream = HttpUpstream(self)
        seen = self.look("record", self.store, "--proxy", "0", "--forward", upstream.rule, "--ui", "0",
                         "--ready-file", ready)
        facts = json.loads(ready.read_text())
        rule, ui = facts["rules"][0]["address"], facts["ui"].removeprefix("http://").strip("/")
        port, ui_port = split_address(rule)[1], split_address(ui)[1]
        self.assertEqual(seen["variables"]["no_proxy"], f"{rule},localhost:{port},{ui},localhost:{ui_port}")

    def test_a_password_is_in_the_address(self):
        (self.folder / "password").write_text("s/cret\n")
        seen = self.look("record", self.store, "--proxy", "0", "--proxy-auth", "ada:password")
        self.assertRegex(seen["variables"]["https_proxy"], r"^http://ada:s%2Fcret@127\.0\.0\.1:\d+$")
        self.assertNotIn(b"s/cret", self.store.read_bytes())
        done = self.run_with("record", self.store, "--proxy", "0", "--proxy-auth", "ada:missing")
        self.assertEqual(done.returncode, 2)
        self.assertIn("missing", done.stderr)

    def test_no_env_sets_nothing(self):
        done = self.run_with("record", self.store, "--no-env",
                             script="import json, os; print(json.dumps(dict(os.environ)))")
        self.assertEqual(done.returncode, 0, done.stderr)
        found = json.loads(done.stdout)
        self.assertEqual([name for name in found if name in ALL or name.startswith("UNDERSTUDY_")], [])

    def test_plain_rules_change_nothing_else(self):
        upstream = HttpUpstream(self)
        seen = self.look("record", self.store, "--forward", upstream.rule)
        self.assertEqual(seen["variables"], {})
        self.assertEqual(list(seen["understudy"]), [f"UNDERSTUDY_HTTP_127_0_0_1_{upstream.port}"])
        self.assertFalse(self.home.exists())

    def test_tls_rules_are_trusted_without_a_proxy(self):
        seen = self.look("record", self.store, "--forward", "https://localhost:0=https://127.0.0.1:1")
        self.assertEqual(set(seen["variables"]), {*FILES, "JAVA_TOOL_OPTIONS"})
        self.assertNotIn("roxy", seen["variables"]["JAVA_TOOL_OPTIONS"] + seen["text"]["WGETRC"])
        self.assertEqual(seen["files"], ["roots.p12", "roots.pem", "wgetrc"])

    def test_replay_has_the_recorded_proxy(self):
        port = free_port()
        recorded = self.look("record", self.store, "--proxy", str(port))["variables"]
        replayed = self.look("replay", self.store)["variables"]
        self.assertEqual(replayed["HTTPS_PROXY"], recorded["HTTPS_PROXY"])
        moved = self.look("replay", self.store, "--proxy", "127.0.0.1:0")["variables"]
        self.assertNotEqual(moved["HTTPS_PROXY"], recorded["HTTPS_PROXY"])

    def test_any_free_port_stays_any_free_port(self):
        recorded = self.look("record", self.store)["variables"]["HTTPS_PROXY"]
        with socket.create_server(("127.0.0.1", split_address(recorded)[1])):
            self.assertNotEqual(self.look("replay", self.store)["variables"]["HTTPS_PROXY"], recorded)

    def test_replay_cannot_serve_a_proxy_that_was_not_recorded(self):
        upstream = HttpUpstream(self)
        self.look("record", self.store, "--forward", upstream.rule)
        done = self.run_with("replay", self.store, "--proxy", "0")
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn(f"http-127.0.0.1-{upstream.port}", done.stderr)

    def test_an_authority_that_cannot_be_made(self):
        self.home.write_text("no directory")
        done = self.run_with("record", self.store)
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertIn(str(self.home), done.stderr)


class ReadyFile(Case):
    def test_names_the_proxy_and_the_authority(self):
        home = self.folder / "data"
        upstream = HttpUpstream(self)
        recorder = self.record("--proxy", "127.0.0.1:0", "--forward", upstream.rule, ui="0",
                               env=clean_environment(XDG_DATA_HOME=str(home)))
        ca = home / "understudy" / "ca" / "ca.pem"
        self.assertEqual(recorder.ready["ca"], str(ca))
        self.assertRegex(recorder.ready["proxy"], r"^127\.0\.0\.1:\d+$")
        self.assertEqual(list(recorder.rules), [f"http-127.0.0.1-{upstream.port}"])
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(recorder.ready["ui"] + "understudy/ca.pem", timeout=PATIENCE) as reply:
            self.assertEqual(reply.headers["Content-Type"], "application/x-x509-ca-cert")
            self.assertEqual(reply.read().decode(), ca.read_text())
        self.assertIn(f"curl --proxy http://{recorder.ready['proxy']} --cacert {ca}", recorder.output())
        recorder.stop()

    def test_has_neither_without_tls(self):
        upstream = HttpUpstream(self)
        recorder = self.record("--forward", upstream.rule)
        self.assertEqual((recorder.ready["proxy"], recorder.ready["ca"]), (None, None))
        self.assertEqual(get(recorder.port)[0], 200)
        recorder.stop()


if __name__ == "__main__":
    main()
