#!/usr/bin/python3
"""The dashboards are those of the tables, keep the conventions that Grafana's own linter has, and ask
for nothing that there is not. A name is a claim.

    python3 tests/grafana/dashboards_test.py
"""

import itertools
import json
import pathlib
import re
import subprocess
import tempfile
import unittest

import yaml

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
GENERATOR = REPOSITORY / "tools/generate-dashboards.py"
FOLDER = REPOSITORY / "grafana/dashboards"
DASHBOARDS = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))}
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}

# Series of those who scrape and page, as in exporter/rules/rule_lint.cc.
FOREIGN = re.compile(r"up|ALERTS|ALERTS_FOR_STATE|(scrape|prometheus|alertmanager|process)_\w+")
# Labels that Prometheus, Alertmanager and the rules add, and those that queries make.
ADDED_LABELS = {"job", "instance", "le", "alertname", "alertstate", "severity", "tier", "alert", "integration",
                "rule_group", "version", "team", "moment", "from", "to", "answers"}
# Words of PromQL that no parenthesis follows at once.
KEYWORDS = {"by", "without", "on", "ignoring", "group_left", "group_right", "and", "or", "unless", "bool", "offset",
            "sum", "min", "max", "avg", "count", "group", "topk", "bottomk"}
# What Grafana puts in, and what a variable of ours may be.
BUILT_IN = {"__rate_interval": "1m", "__interval": "15s", "__range": "3h", "__from": "1767225600000",
            "__to": "1767236400000"}


def our_series():
    """Type and labels of what the exporter exports, from docs/metrics.md, which a test holds to the code."""
    text = (REPOSITORY / "docs/metrics.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| ([^|]*) \|", text, re.MULTILINE)
    return {name: (kind, set(re.findall(r"\w+", labels))) for name, kind, labels in rows}


def recorded_series():
    rules = itertools.chain.from_iterable(
        group["rules"] for path in (REPOSITORY / "alerts/rules").glob("*.yaml")
        for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"])
    return [rule for rule in rules if "record" in rule]


OURS = our_series()
RECORDED = {rule["record"] for rule in recorded_series()}
WITH_THRESHOLD = {rule["labels"]["alert"] for rule in recorded_series() if rule["record"] == "pathwitness:threshold"}
KNOWN_LABELS = ADDED_LABELS.union(*(labels for _, labels in OURS.values()))


def panels():
    for name, dashboard in DASHBOARDS.items():
        for panel in dashboard["panels"]:
            if panel["type"] != "row":
                yield f"{name}: {panel['title']}", panel


def queries():
    """(where, expression, whether it is asked for one moment alone) of panels and annotations."""
    for where, panel in panels():
        for target in panel["targets"]:
            yield f"{where} {target['refId']}", target["expr"], target["instant"]
    for name, dashboard in DASHBOARDS.items():
        for annotation in dashboard["annotations"]["list"]:
            yield f"{name}: {annotation['name']}", annotation["expr"], False


def variables(dashboard):
    return {entry["name"]: entry for entry in dashboard["templating"]["list"]}


def used_variables(text):
    """Names that stand in a text as $name, ${name} or ${name:format}, not those of label_replace."""
    return {name for pair in re.findall(r"\$(?:([A-Za-z_]\w*)|\{(\w+)[^}]*\})", text) for name in pair if name}


def interpolated(expr):
    expr = expr.replace("${during}", "end()")
    expr = re.sub(r"\$\{(\w+):date:seconds\}", lambda match: BUILT_IN[match.group(1)][:-3], expr)
    return re.sub(r"\$([A-Za-z_]\w*)", lambda match: BUILT_IN.get(match.group(1), "x"), expr)


def without_strings(expr):
    return re.sub(r'"(?:[^"\\]|\\.)*"', '""', expr)


def series_in(expr):
    """(name, label matchers or None, whether a range of it is taken) of all series in an expression."""
    text = without_strings(expr)
    text = re.sub(r"\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)", r"\1 ", text)
    words = r"(?<![\w:$])([A-Za-z_][\w:]*)\b(?!\s*\()(\{[^}]*\})?\s*(\[)?"
    for name, matchers, ranged in re.findall(words, text):
        if name not in KEYWORDS:
            yield name, set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", matchers)), bool(ranged)


def grouping_labels(expr):
    text = without_strings(expr)
    lists = re.findall(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)", text)
    return set(re.findall(r"\w+", " ".join(lists)))


def base_of(name):
    """The metric that a series belongs to, without the ending of a histogram or summary."""
    base = re.sub(r"_(bucket|sum|count)$", "", name)
    return base if base in OURS else name


class Generated(unittest.TestCase):
    def run_generator(self, *arguments):
        return subprocess.run(["python3", "-W", "error", GENERATOR, *arguments], capture_output=True, text=True, check=False)

    def test_dashboards_are_byte_for_byte_what_the_tables_say(self):
        with tempfile.TemporaryDirectory() as made:
            self.assertEqual(self.run_generator("--output", made).stderr, "")
            names = {path.name for path in pathlib.Path(made).iterdir()}
            self.assertEqual(names, {path.name for path in FOLDER.iterdir()})
            for name in sorted(names):
                self.assertEqual((pathlib.Path(made) / name).read_bytes(), (FOLDER / name).read_bytes(),
                                 f"{name} differs: run tools/generate-dashboards.py")

    def test_a_table_with_a_misspelt_key_makes_none(self):
        with tempfile.TemporaryDirectory() as made:
            table = pathlib.Path(made) / "bad.yaml"
            table.write_text("{title: t, asks: q, variables: [], rows: [{height: 1, panels: [{kind: stat, title: p, "
                             "asks: q, width: 1, unit: s, querys: []}]}]}", encoding="utf-8")
            ended = self.run_generator("--output", made, str(table))
            self.assertEqual(ended.returncode, 1)
            self.assertIn("p: missing keys ['queries'], unknown keys ['querys']", ended.stderr)
            self.assertEqual(list(pathlib.Path(made).glob("*.json")), [])

    def test_a_row_that_is_too_wide_makes_none(self):
        with tempfile.TemporaryDirectory() as made:
            panel = "{kind: stat, title: p, asks: q, width: 13, unit: s, queries: [{expr: up}]}"
            table = pathlib.Path(made) / "bad.yaml"
            table.write_text(f"{{title: t, asks: q, variables: [], rows: [{{height: 1, panels: [{panel}, {panel}]}}]}}",
                             encoding="utf-8")
            self.assertIn("is 26 wide, 24 at most", self.run_generator("--output", made, str(table)).stderr)


class Conventions(unittest.TestCase):
    def each(self, things):
        for where, thing in things:
            with self.subTest(where):
                yield thing

    def test_a_dashboard_is_known_by_its_name(self):
        for name, dashboard in DASHBOARDS.items():
            self.assertEqual(dashboard["uid"], f"pathwitness-{name}")
            self.assertLessEqual(len(dashboard["uid"]), 40)
            self.assertTrue(dashboard["description"].endswith("?"), name)

    def test_a_dashboard_can_be_imported_anywhere(self):
        for dashboard in DASHBOARDS.values():
            self.assertFalse({"id", "version", "__inputs", "__requires"} & set(dashboard))
            self.assertFalse(dashboard["editable"])
            self.assertEqual(dashboard["tags"], ["pathwitness"])

    def test_the_data_source_is_a_variable_and_all_use_it(self):
        for dashboard in DASHBOARDS.values():
            first = dashboard["templating"]["list"][0]
            self.assertEqual((first["name"], first["type"], first["query"]), ("datasource", "datasource", "prometheus"))
            asking = dashboard["annotations"]["list"] + [v for v in variables(dashboard).values() if v["type"] == "query"]
            asking += [panel for panel in dashboard["panels"] if panel["type"] != "row"]
            asking += [target for panel in dashboard["panels"] for target in panel.get("targets", [])]
            for asker in asking:
                self.assertEqual(asker["datasource"], DATASOURCE)

    def test_variables_follow_the_time_range(self):
        for dashboard in DASHBOARDS.values():
            for entry in variables(dashboard).values():
                if entry["type"] == "query":
                    self.assertEqual((entry["refresh"], entry["sort"]), (2, 1), entry["name"])

    def test_every_variable_is_used_and_every_used_one_is_there(self):
        for name, dashboard in DASHBOARDS.items():
            texts = json.dumps([dashboard["panels"], dashboard["annotations"],
                                [entry.get("query") for entry in dashboard["templating"]["list"]]])
            used = {word for word in used_variables(texts) if not word.startswith("__")}
            self.assertEqual(used, set(variables(dashboard)), name)

    def test_a_panel_has_a_title_of_its_own_a_question_a_unit_and_queries(self):
        for name, dashboard in DASHBOARDS.items():
            titles = [panel["title"] for panel in dashboard["panels"]]
            self.assertEqual(len(titles), len(set(titles)), f"{name}: {titles}")
        for panel in self.each(panels()):
            self.assertIn("?", panel["description"])
            self.assertTrue(panel["fieldConfig"]["defaults"]["unit"])
            self.assertTrue(panel["targets"])

    def test_numbers_of_panels_are_unique(self):
        for dashboard in DASHBOARDS.values():
            numbers = [panel["id"] for panel in dashboard["panels"]]
            self.assertEqual(numbers, list(range(1, len(numbers) + 1)))

    def test_panels_do_not_overlap_and_stay_on_the_grid(self):
        for name, dashboard in DASHBOARDS.items():
            taken = {}
            for panel in dashboard["panels"]:
                grid = panel["gridPos"]
                self.assertLessEqual(grid["x"] + grid["w"], 24, panel["title"])
                cells = itertools.product(range(grid["x"], grid["x"] + grid["w"]), range(grid["y"], grid["y"] + grid["h"]))
                for cell in cells:
                    self.assertNotIn(cell, taken, f"{name}: {panel['title']} and {taken.get(cell)}")
                    taken[cell] = panel["title"]

    def test_columns_of_tables_fit_into_a_window_of_1200_pixels(self):
        for name, panel in panels():
            arranged = [entry["options"] for entry in panel.get("transformations", []) if entry["id"] == "organize"]
            narrowest = panel["fieldConfig"]["defaults"].get("custom", {}).get("minWidth", 150)  # Grafana's own
            widths = {override["matcher"]["options"]: entry["value"] for override in panel["fieldConfig"]["overrides"]
                      for entry in override["properties"] if entry["id"] == "custom.width"}
            for options in arranged:
                columns = options["renameByName"].values()
                self.assertLessEqual(set(widths), set(columns), panel["title"])
                needed = sum(widths.get(column, narrowest) for column in columns)
                with self.subTest(dashboard=name, panel=panel["title"]):
                    self.assertLessEqual(needed, panel["gridPos"]["w"] * 1200 // 24 - 16)

    def test_series_over_time_are_named(self):
        for where, panel in panels():
            if panel["type"] in ("timeseries", "heatmap", "state-timeline", "bargauge"):
                for target in panel["targets"]:
                    self.assertTrue(target.get("legendFormat"), where)

    def test_rates_over_time_follow_the_zoom(self):
        for where, expr, is_instant in queries():
            if not is_instant:
                for window in re.findall(r"\b(?:rate|increase|irate|delta)\((?:[^()\[]|\([^()]*\))*\[([^\]]*)\]", without_strings(expr)):
                    self.assertIn(window, ("$__rate_interval", "$__range"), where)

    def test_links_lead_to_dashboards_that_there_are(self):
        known = {dashboard["uid"] for dashboard in DASHBOARDS.values()}
        linked = set(re.findall(r"/d/([\w-]+)", json.dumps(list(DASHBOARDS.values()))))
        alerts = "".join(path.read_text(encoding="utf-8") for path in (REPOSITORY / "alerts/rules").glob("*.yaml"))
        self.assertLessEqual(linked | set(re.findall(r"/d/([\w-]+)", alerts)), known)

    def test_links_of_alerts_set_variables_that_there_are(self):
        alerts = "".join(path.read_text(encoding="utf-8") for path in (REPOSITORY / "alerts/rules").glob("*.yaml"))
        for name, variable in re.findall(r"/d/pathwitness-(\w+)\?var-(\w+)", alerts):
            self.assertIn(variable, variables(DASHBOARDS[name]))


class Queries(unittest.TestCase):
    def test_all_are_promql(self):
        rules = [{"record": "r", "expr": interpolated(expr), "labels": {"n": str(number)}}
                 for number, (_, expr, _) in enumerate(queries())]
        with tempfile.NamedTemporaryFile("w", suffix=".yaml", encoding="utf-8") as file:
            yaml.safe_dump({"groups": [{"name": "g", "rules": rules}]}, file)
            file.flush()
            ended = subprocess.run(["promtool", "check", "rules", file.name], capture_output=True, text=True, check=False)
        self.assertEqual(ended.returncode, 0, ended.stderr)

    def test_no_query_reads_a_series_that_nobody_has(self):
        for where, expr, _ in queries():
            for name, _, _ in series_in(interpolated(expr)):
                there = base_of(name) in OURS or name in RECORDED or FOREIGN.fullmatch(name)
                self.assertTrue(there, f"{where}: {name}")

    def test_no_query_selects_or_groups_by_a_label_that_there_is_not(self):
        for where, expr, _ in queries():
            for name, matchers, _ in series_in(interpolated(expr)):
                labels = OURS.get(base_of(name), ("", KNOWN_LABELS))[1]
                self.assertLessEqual(matchers - labels, {"job", "instance", "le"}, f"{where}: {name}")
            self.assertLessEqual(grouping_labels(expr), KNOWN_LABELS, where)

    def test_no_legend_or_column_names_a_label_that_there_is_not(self):
        for where, panel in panels():
            legends = " ".join(target.get("legendFormat", "") for target in panel["targets"])
            self.assertLessEqual(set(re.findall(r"\{\{(\w+)\}\}", legends)), KNOWN_LABELS, where)
            for step in panel.get("transformations", []):
                names = step["options"].get("include", {}).get("names", [])
                self.assertLessEqual({name for name in names if not name.startswith("Value")}, KNOWN_LABELS, where)

    def test_no_query_reads_a_counter_bare_but_to_know_which_there_are(self):
        for where, expr, _ in queries():
            counted = re.sub(r"\bgroup by \([^)]*\) \((?:[^()]|\(\))*\)", "", interpolated(expr))
            for name, _, is_ranged in series_in(counted):
                if OURS.get(base_of(name), ("",))[0] in ("counter", "histogram", "summary"):
                    self.assertTrue(is_ranged, f"{where}: {name}")

    def test_thresholds_are_those_of_alerts_that_have_one(self):
        named = {name for _, expr, _ in queries() for name in re.findall(r'pathwitness:threshold\{alert="(\w+)"', expr)}
        self.assertTrue(named)
        self.assertLessEqual(named, WITH_THRESHOLD)


class Provisioning(unittest.TestCase):
    def read(self, kind):
        path = REPOSITORY / f"grafana/provisioning/{kind}/pathwitness.yaml"
        return yaml.safe_load(path.read_text(encoding="utf-8"))

    def test_both_prometheus_are_data_sources_with_the_interval_of_scrapes(self):
        prometheus = yaml.safe_load((REPOSITORY / "alerts/prometheus.yaml").read_text(encoding="utf-8"))
        job = next(job for job in prometheus["scrape_configs"] if job["job_name"] == "prometheus")
        sources = self.read("datasources")["datasources"]
        self.assertEqual([source["url"] for source in sources],
                         [f"http://{target}" for target in job["static_configs"][0]["targets"]])
        self.assertEqual({source["jsonData"]["timeInterval"] for source in sources},
                         {prometheus["global"]["scrape_interval"]})
        self.assertEqual(len({source["uid"] for source in sources}), len(sources))

    def test_dashboards_are_changed_in_the_repository_alone(self):
        (provider,) = self.read("dashboards")["providers"]
        self.assertFalse(provider["allowUiUpdates"])
        self.assertTrue(provider["disableDeletion"])


class Lint(unittest.TestCase):
    """What this file itself sees in an expression."""

    def test_series_are_found_with_their_labels_and_ranges(self):
        expr = 'sum by (x) (rate(a_total{b="c{d}",e=~"f"}[5m])) / on (g) h:i == bool 1 and up @ end()'
        self.assertEqual(list(series_in(expr)), [("a_total", {"b", "e"}, True), ("h:i", set(), False), ("up", set(), False)])
        self.assertEqual(grouping_labels(expr), {"x", "g"})

    def test_variables_are_found_and_groups_of_label_replace_are_not(self):
        self.assertEqual(used_variables('a{b="$c"} ${d} ${e:date:seconds} "$1"'), {"c", "d", "e"})


if __name__ == "__main__":
    unittest.main()
