"""What tests share that treat the recorder badly: it must hold nothing afterwards, and have lost nothing."""

from crowd import Facts
from support import Case


class Unkind(Case):
    def start(self, rule, *options):
        recorder = self.record("--forward", rule, *options)
        self.facts = Facts(recorder.process)
        self.descriptors = self.facts.descriptors
        return recorder

    def stop_and_check(self, recorder, sessions=None):
        """Nothing may be held by then, everything in the store must have ended, in so many sessions if told."""
        self.facts.wait_descriptors(self.descriptors)
        recorder.stop()
        if sessions is not None:
            self.assertEqual(self.value("select count(*) from sessions"), sessions)
        self.assertEqual(self.value("select count(*) from sessions where closed_at is null"), 0)
        self.assertEqual(self.value("select count(*) from exchange where ending = 0"), 0)
        self.assertEqual(self.value("select exchanges from recordings"), self.value("select count(*) from exchange"))
        self.assertEqual(self.value("select sum(lost_rows) + sum(lost_bytes) from recordings"), 0)
        self.assert_store_whole()
