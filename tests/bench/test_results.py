"""Medians, ratios, goals and tables of the bench, and where it puts its servers."""

import json
import unittest

import cores
import goals
import report
import rows
from results import Results


def results(**of_keys):
    """Results with the rounds of each key."""
    made = Results()
    for key, rounds in of_keys.items():
        for figures in rounds:
            made.add(key, figures)
    return made


class Medians(unittest.TestCase):
    def test_the_median_is_of_the_rounds(self):
        self.assertEqual(results(a=[{"x": 9}, {"x": 1}, {"x": 2}]).medians("a"), {"x": 2})

    def test_a_ratio_is_taken_within_each_round(self):
        noisy = results(a=[{"x": 10}, {"x": 60}, {"x": 12}], b=[{"x": 5}, {"x": 30}, {"x": 3}])
        self.assertEqual(noisy.ratio("a", "b", "x"), 2)
        self.assertEqual(noisy.difference("a", "b", "x"), 9)


class Goals(unittest.TestCase):
    def judge(self, measured, **more):
        goal = goals.Goal("what", ("a",), lambda made: made.median("a", "x"), 1.5, "×", 2, **more)
        return goal.judge(results(a=[{"x": measured}]))

    def test_at_most(self):
        self.assertEqual(self.judge(1.5), ("≤ 1.50 ×", "1.50 ×", "yes", 1.5))
        self.assertEqual(self.judge(1.6)[2], "**no**")

    def test_at_least(self):
        self.assertEqual(self.judge(1.6, at_least=True), ("≥ 1.50 ×", "1.60 ×", "yes", 1.6))
        self.assertEqual(self.judge(1.4, at_least=True)[2], "**no**")

    def test_what_was_not_measured_is_neither_met_nor_missed(self):
        self.assertEqual(self.judge(1, obstacle="needs 4 cores"), ("≤ 1.50 ×", "needs 4 cores", "–", None))
        goal = goals.Goal("what", ("a", "b"), None, 1, "×", 0)
        self.assertEqual(goal.judge(results(a=[{"x": 1}]))[2:], ("–", None))

    def test_every_goal_has_its_rows(self):
        keys = {row.key for row in rows.table(1)}
        for goal in goals.GOALS:
            self.assertLessEqual(set(goal.keys), keys, goal.what)


class Tables(unittest.TestCase):
    def setUp(self):
        self.rows = rows.table(1)
        self.results = Results()
        for number, row in enumerate(self.rows, 1):
            figures = {"rate": 1e4 * number, "cpu_us": number, "p50_us": 1000 * number, "p99_us": 2000, "peak_mib": 5,
                       "ready_s": 0.25, "writer_us": 2, "counted": 1000, "stored": 1001, "ending_us": 3}
            if row.handshakes:
                del figures["p50_us"], figures["p99_us"]
            if row.idle:
                figures = {"idle_bytes": 4096, "idle_count": 10, "counted": 10}
            self.results.add(row.key, figures)
        self.lines = list(report.markdown(self.rows, self.results))

    def test_keys_are_unique(self):
        self.assertEqual(len({row.key for row in self.rows}), len(self.rows))

    def test_every_row_is_in_the_tables(self):
        for row in self.rows:
            self.assertTrue(any(row.name in line and (row.idle or row.section in line) for line in self.lines), row.key)

    def test_a_line_compares_with_the_first_of_its_section(self):
        self.assertIn("| forwarding, 1 KiB | understudy record | 2.0 | 2.00 | 20,000 | 2.00 | 2.00 | 5 "
                      "| 1,001 of 1,000 |", self.lines)
        self.assertIn("| idle connections | how many |", "\n".join(self.lines))

    def test_new_connections_have_no_latency(self):
        (line,) = [line for line in report.load_lines(self.rows, self.results)
                   if line[0].startswith("new TLS connection") and line[1] == "understudy record"]
        self.assertEqual(line[5:7], ("–", "–"))

    def test_low_load_shows_what_is_added(self):
        (line,) = [line for line in report.low_load_lines(self.rows, self.results)
                   if line[0].endswith("own core") and "haproxy" in line[1]]
        self.assertEqual(line[3], "1000")

    def test_without_its_reference_a_row_is_compared_with_nothing(self):
        key = "forward-1k/record"
        alone = results(**{key: self.results.rounds[key]})
        (line,) = report.load_lines(self.rows, alone)
        self.assertEqual(line[3], "–")

    def test_all_lines_of_a_table_have_its_columns(self):
        columns = 0
        for line in self.lines:
            columns = columns or line.count("|")
            self.assertEqual(line.count("|"), columns if line else 0, line)
            columns = columns if line else 0

    def test_json_has_every_row_and_goal(self):
        made = json.loads(json.dumps(report.as_json({"rounds": 1}, self.rows, self.results)))
        self.assertEqual([row["key"] for row in made["rows"]], [row.key for row in self.rows])
        self.assertEqual(len(made["goals"]), len(goals.GOALS))
        self.assertEqual(made["rows"][0]["median"], made["rows"][0]["rounds"][0])


class Cores(unittest.TestCase):
    def test_two_cores_are_shared_out(self):
        self.assertEqual(cores.single([3, 5]), ((3,), (5,)))
        self.assertEqual(cores.scaling([3, 5]), ((), ()))

    def test_one_core_is_for_all(self):
        self.assertEqual(cores.single([0]), ((), ()))

    def test_four_cores_are_enough_for_two_workers(self):
        self.assertEqual(cores.scaling([0, 1, 2, 3, 4]), ((0, 1), (2, 3)))


if __name__ == "__main__":
    unittest.main()
