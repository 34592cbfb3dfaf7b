"""Secrets pass through on the wire and never reach the disk."""

import gzip

from support import Case, get, main, post
from upstreams import HttpUpstream

RULE = """<registration>
  <redact header="Authorization"/>
  <forward name="bank" bind="127.0.0.1:0" destination="127.0.0.1:{port}" type="http">
    <redact json="/card/number"/>
    <redact pattern="session=([0-9a-f]+)"/>
  </forward>
</registration>
"""
HEADER = "Bearer tR0ub4dor-and-3-secret"
CARD = "4929717171711234"
SESSION = "cafe0123456789cafe"
REPLY_CARD = "5105105105105100"


class Redaction(Case):
    def setUp(self):
        super().setUp()
        self.upstream = HttpUpstream(self, lambda request: (
            200, {"Content-Type": "application/json", "Set-Cookie": f"session={SESSION}"},
            f'{{"card":{{"number":"{REPLY_CARD}"}},"ok":true}}'.encode()))
        self.config = self.folder / "registration.xml"
        self.config.write_text(RULE.format(port=self.upstream.port))

    def pay(self, port, card=CARD):
        return post(port, f"/pay?session={SESSION}", f'{{"card":{{"number":"{card}"}},"amount":7}}'.encode(),
                    {"Content-Type": "application/json", "Authorization": HEADER})

    def assert_not_on_disk(self, *secrets):
        for path in self.folder.glob("run.db*"):
            content = path.read_bytes()
            for secret in secrets:
                self.assertNotIn(secret.encode(), content, path.name)

    def test_no_secret_in_any_file_at_any_time(self):
        recorder = self.record("--config", self.config)
        status, headers, body = self.pay(recorder.port)
        self.assertEqual(status, 200)
        self.assertIn(SESSION, headers["Set-Cookie"])  # the wire is untouched
        self.assertIn(REPLY_CARD.encode(), body)
        self.assertEqual(self.upstream.requests[0].headers["Authorization"], HEADER)
        self.assertIn(CARD.encode(), self.upstream.requests[0].body)
        self.wait_for_exchanges(1)
        secrets = (HEADER.removeprefix("Bearer "), CARD, SESSION, REPLY_CARD)
        self.assert_not_on_disk(*secrets)  # in the -wal too
        recorder.kill()
        self.assert_not_on_disk(*secrets)
        self.output_of("reindex", self.store)
        self.assert_not_on_disk(*secrets)
        request, reply = self.rows("select request, reply from exchange")[0]
        self.assertIn(b'"amount":7', request)
        self.assertIn(b'"ok":true', reply)

    def test_stand_ins_match_in_replay(self):
        recorder = self.record("--config", self.config)
        self.pay(recorder.port)
        recorder.stop()
        self.upstream.stop()
        replayer = self.replay("--config", self.config)
        self.assertEqual(self.pay(replayer.port)[0], 200)
        self.assertEqual(self.pay(replayer.port, card="4929717171719999")[0], 501)
        replayer.stop(code=1)

    def test_in_a_coded_body(self):
        recorder = self.record("--config", self.config)
        body = gzip.compress(f'{{"card":{{"number":"{CARD}"}}}}'.encode())
        self.assertEqual(post(recorder.port, "/coded", body, {
            "Content-Type": "application/json", "Content-Encoding": "gzip"})[0], 200)
        recorder.stop()
        self.assertEqual(self.upstream.requests[0].body, body)
        self.assert_not_on_disk(CARD)
        self.assertNotIn(body, self.value("select request from exchange"))  # or the secret could be unpacked

    def test_without_rules_nothing_is_replaced(self):
        recorder = self.record("--forward", self.upstream.rule)
        get(recorder.port, "/plain", {"Authorization": HEADER})
        recorder.stop()
        self.assertIn(HEADER.encode(), self.value("select request from exchange"))


if __name__ == "__main__":
    main()
