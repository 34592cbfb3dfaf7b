"""`-- COMMAND`: runs once everything listens; its environment, and whose exit code wins."""

import json
import subprocess
import sys

from support import PATIENCE, PROGRAM, Case, clean_environment, get, main
from upstreams import HttpUpstream


class Command(Case):
    def setUp(self):
        super().setUp()
        self.upstream = HttpUpstream(self)

    def run_with(self, arguments, script, **environment):
        command = [PROGRAM, *map(str, arguments), "--", sys.executable, "-c", script]
        return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False,
                              cwd=self.folder, env=clean_environment(**environment))

    def record_with(self, script, *options):
        return self.run_with(["record", self.store, "--forward", self.upstream.rule, *options], script)

    def test_finds_each_rule_in_its_environment(self):
        name = f"UNDERSTUDY_HTTP_127_0_0_1_{self.upstream.port}"
        done = self.record_with(
            f"import os, urllib.request; address = os.environ['{name}']\n"
            "print(urllib.request.urlopen(f'http://{address}/from-command').status)")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("200", done.stdout)
        self.assertEqual(self.value("select count(*) from http where url like '%/from-command'"), 1)
        self.assertIn("python", self.value("select command from recordings"))

    def test_no_env(self):
        done = self.record_with("import os; print([n for n in os.environ if n.startswith('UNDERSTUDY_HTTP')])",
                                "--no-env")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("[]", done.stdout)

    def test_its_own_exit_code_wins(self):
        self.assertEqual(self.record_with("raise SystemExit(7)").returncode, 7)

    def test_ours_when_its_own_is_zero(self):
        recorder = self.record("--forward", self.upstream.rule)
        get(recorder.port, "/known")
        recorder.stop()
        name = f"UNDERSTUDY_HTTP_127_0_0_1_{self.upstream.port}"
        ask = ("import os, http.client\n"
               f"connection = http.client.HTTPConnection(os.environ['{name}'])\n"
               "connection.request('GET', '/{path}'); print(connection.getresponse().status)\n")
        replay = ["replay", self.store, "--ui", "off"]
        done = self.run_with(replay, ask.replace("{path}", "known"))
        self.assertEqual((done.returncode, "200" in done.stdout), (0, True), done.stderr)
        report = self.folder / "report.json"
        done = self.run_with([*replay, "--report", report], ask.replace("{path}", "unknown"))
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertEqual(json.loads(report.read_text())["totals"]["missed"], 1)
        done = self.run_with(replay, ask.replace("{path}", "unknown") + "raise SystemExit(9)")
        self.assertEqual(done.returncode, 9)

    def test_a_command_that_does_not_exist(self):
        done = self.run_program("record", self.store, "--forward", self.upstream.rule, "--", "no-such-program-here")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("no-such-program-here", done.stderr)

    def test_a_signal_reaches_it(self):
        recorder = self.record("--forward", self.upstream.rule, "--", sys.executable, "-c",
                               "import signal; signal.pause()")
        recorder.process.terminate()
        recorder.process.wait(PATIENCE)
        self.assertNotEqual(recorder.process.returncode, -9)
        self.assert_store_whole()


if __name__ == "__main__":
    main()
