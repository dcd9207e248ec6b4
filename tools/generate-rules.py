#!/usr/bin/python3
"""Writes alerts/rules/*.yaml, the rules that Prometheus loads, from alerts/tables/*.yaml.

    tools/generate-rules.py [--output DIR] [TABLE...]

Without TABLE: all of them. The tables' format is described in alerts/README.md. Tiers of an alert
are alike but for threshold and duration, so they are written once and repeated by a machine.
Exit status 1 when a table is wrong, with the alert's name and what is wrong.
"""

import argparse
import hashlib
import pathlib
import re
import sys

import yaml

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent
TIERS = ("none", "info", "warning", "critical")  # mildest first
CONDITIONS = ("and", "unless")
# An override holds on so long while its exporter is not scraped: without it a single failed scrape
# would bring the default threshold back. One that is taken out of the configuration ends as late.
HOLDS_ON = "5m"

# Texts are Go templates that Prometheus expands; they may ask it for further values.
LINK = (
    '{{{{ with query "last_over_time(pathwitness_link_info[1h])" | sortByLabel "{kind}" }}}}'
    '{{{{ . | first | label "{kind}" }}}}{{{{ else }}}}{default}{{{{ end }}}}'
)
# An alert whose team changed would be another alert, so the label outlives a lost exporter.
TEAM_OF_TARGET = (
    '{{ with printf "group by (team) (last_over_time(pathwitness_target_info{target=%q,team!=\\"\\"}[2h]))"'
    ' $labels.target | query | sortByLabel "team" }}{{ . | first | label "team" }}'
    "{{ else }}unassigned{{ end }}"
)


# What the exporters think of a target, at the moment of the alert's newest evaluation. A target of
# which nothing is known has not been judged; one whose probers find nothing has been.
VERDICT = (
    '{{ range $index, $said := printf "sort_desc(topk(3, pathwitness:verdict:probability{target=%q}))"'
    " $labels.target | query }}{{ if $index }}; {{ end }}"
    '{{ $said | label "state" }} ({{ $said | label "prober" }}, {{ $said | label "family" }}):'
    ' {{ with $said | label "owner" }}{{ . }}{{ else }}nobody is named{{ end }},'
    ' P={{ $said | value | printf "%.2f" }}'
    '{{ with $said | label "hop_to" }}, between hop {{ $said | label "hop_from" }} and hop {{ . }}{{ end }}'
    '{{ with $said | label "segment" }}, {{ . }}{{ end }}'
    ', direction {{ $said | label "direction" }}'
    '{{ else }}{{ with printf "pathwitness_verdict{target=%q,state=\\"none\\"} == 1" $labels.target | query }}'
    "none: no fault of the path or the service is known"
    "{{ else }}not judged{{ end }}{{ end }}"
)
OWNER = (
    '{{ with printf "topk(1, pathwitness:verdict:probability{target=%q,owner!=\\"\\"})" $labels.target | query }}'
    '{{ . | first | label "owner" }} (P={{ . | first | value | printf "%.2f" }})'
    '{{ with . | first | label "contact" }}, contact {{ . }}{{ end }}{{ else }}nobody is named{{ end }}'
)
INCIDENT = (
    '{{ with printf "topk(1, pathwitness:target_incident:targets{target=%q})" $labels.target | query }}'
    '{{ with . | first }}incident {{ . | label "incident" }} ({{ . | label "cause" }}'
    '{{ with . | label "via" }}, {{ . }}{{ end }}) of {{ . | value | printf "%.0f" }} targets{{ end }}'
    "{{ else }}no incident{{ end }}"
)


class TableError(Exception):
    """A table says something that cannot be turned into rules."""


def link(kind, default):
    return LINK.format(kind=kind, default=default)


def require_keys(what, entry, required, allowed=()):
    missing = [key for key in required if key not in entry]
    unknown = [key for key in entry if key not in (*required, *allowed)]
    if missing or unknown:
        raise TableError(f"{what}: missing keys {missing}, unknown keys {unknown}")


def override_selector(alert, tier, target):
    series = f'pathwitness_alert_override{{alert="{alert}",target{target}"",tier="{tier}"}}'
    return f"last_over_time({series}[{HOLDS_ON}])"


def threshold_expr(alert, tier):
    """The target's override, else the environment's, else the default, which comes from the judged
    metric itself: a threshold is missing only where there is nothing to compare with it. Where
    exporters differ about an override, the stricter holds."""
    name, metric, literal = alert["alert"], alert["metric"], alert["tiers"][tier]["threshold"]
    strictest = "min" if alert["compare"] == ">" else "max"
    environment = f"{strictest}({override_selector(name, tier, '=')})"
    if "target" not in alert["of"]:
        return f"{environment}\nor\n  group({metric}) * {literal}\n"
    return (
        f"{strictest} by (target) ({override_selector(name, tier, '!=')})\n"
        f"or on (target)\n"
        f"  group by (target) ({metric}) * on () group_left () {environment}\n"
        f"or on (target)\n"
        f"  group by (target) ({metric}) * {literal}\n"
    )


def judged_expr(alert, tier):
    """True where at least half of the exporters that report are beyond the threshold. The value is
    that of the worst of them."""
    labels = ", ".join(alert["of"])
    metric, compare = alert["metric"], alert["compare"]
    worst = "max" if compare == ">" else "min"
    match = "target" if "target" in alert["of"] else ""
    beyond = (
        f"{metric} {compare} on ({match}) group_left () "
        f'pathwitness:threshold{{alert="{alert["alert"]}",tier="{tier}"}}'
    )
    return (
        f"{worst} by ({labels}) ({metric})\n"
        f"and\n"
        f"  count by ({labels}) ({beyond}) * 2\n"
        f"  >= count by ({labels}) ({metric})\n"
    )


def disabled_expr(alert, tier):
    def disabled(target):
        return (
            "(last_over_time(pathwitness_alert_disabled_until_timestamp_seconds"
            f'{{alert="{alert["alert"]}",target{target}"",tier=~"|{tier}"}}[{HOLDS_ON}]) > time())\n'
        )

    of_target = f"unless on (target)\n  {disabled('!=')}" if "target" in alert["of"] else ""
    return f"{of_target}unless on ()\n  {disabled('=')}"


def alert_expr(alert, tier):
    if "metric" in alert:
        expr = judged_expr(alert, tier)
    else:
        expr = f"(\n{indent(alert['tiers'][tier].get('expr', alert.get('expr')))})\n"
    for operator in CONDITIONS:
        for entry in (alert, alert["tiers"][tier]):
            if operator in entry:
                expr += f"{operator} {entry[operator].strip()}\n"
    return expr + disabled_expr(alert, tier)


def indent(text):
    return "".join(f"  {line}\n" for line in text.strip().splitlines())


def series_of(metric, labels, extra=""):
    """A template that asks for the series of `metric` with the alert's own labels."""
    matchers = ",".join([f"{label}=%q" for label in labels] + ([extra] if extra else []))
    values = "".join(f" $labels.{label}" for label in labels)
    text = metric + "{" + matchers + "}"
    return '"' + text.replace('"', '\\"') + '"' + values


def expand(text, alert, tier):
    """Replaces <for>, <threshold FORMAT> and <n METRIC> of a table's text."""
    labels = alert["of"]

    def threshold(form):
        extra = f'alert="{alert["alert"]}",tier="{tier}"'
        target = [label for label in labels if label == "target"]
        shown = f" | {form}" if form else ""
        series = series_of("pathwitness:threshold", target, extra)
        return f"{{{{ with printf {series} | query }}}}{{{{ . | first | value{shown} }}}}{{{{ end }}}}"

    def count(metric):
        series = series_of(metric, labels)
        series = series.replace(metric, f"sum({metric}", 1).replace("}", "})", 1)
        return (
            f"{{{{ with printf {series} | query }}}}"
            '{{ . | first | value | printf "%.0f" }}{{ else }}0{{ end }}'
        )

    def replace(match):
        word, argument = match.group(1), match.group(2)
        if word == "for":
            return alert["tiers"][tier]["for"]
        if word == "threshold" and "metric" in alert:
            return threshold(argument)
        if word == "n" and argument:
            return count(argument)
        raise TableError(f"{alert['alert']}: cannot expand {match.group(0)}")

    return re.sub(r"<(\w+)(?: ([\w:]+))?>", replace, " ".join(text.split()))


def annotations(alert, tier):
    dashboards = link("dashboards", "http://localhost:3000")
    runbooks = link("runbooks", "http://localhost:10059/runbooks")
    target = "{{ $labels.target | urlquery }}"
    result = {key: expand(alert[key], alert, tier) for key in ("summary", "description")}
    result["runbook_url"] = f"{runbooks}/{alert['alert']}"
    if alert["about"] == "target":
        evidence = link("evidence", "http://localhost:10059")
        result["dashboard_url"] = f"{dashboards}/d/pathwitness-target?var-target={target}"
        result["evidence_url"] = f"{evidence}/?target={target}"
        result |= {"verdict": VERDICT, "owner": OWNER, "incident": INCIDENT}
    else:
        result["dashboard_url"] = f"{dashboards}/d/pathwitness-{alert.get('opens', 'self')}"
    result["missing_data"] = alert["missing_data"]
    if "metric" in alert:
        result["query"] = f"{{{{ printf {series_of(alert['metric'], alert['of'])} }}}}"
    return result


def alert_rules(alert):
    """The threshold and the alert of each tier, mildest first."""
    for tier, values in alert["tiers"].items():
        if "metric" in alert:
            yield {
                "record": "pathwitness:threshold",
                "expr": threshold_expr(alert, tier),
                "labels": {"alert": alert["alert"], "tier": tier},
            }
        rule = {"alert": alert["alert"], "expr": alert_expr(alert, tier), "for": values["for"]}
        if "keep_firing_for" in values:
            rule["keep_firing_for"] = values["keep_firing_for"]
        team = TEAM_OF_TARGET if alert["about"] == "target" else "monitoring"
        yield rule | {
            "labels": {"severity": tier, "team": team},
            "annotations": annotations(alert, tier),
        }


def check_alert(alert):
    name = alert.get("alert", "an alert without a name")
    texts = ("summary", "description", "missing_data")
    require_keys(name, alert, ("alert", "about", "of", "tiers", *texts), ("opens", "metric", "compare", "expr", *CONDITIONS))
    if alert["about"] not in ("target", "exporter"):
        raise TableError(f"{name}: about must be target or exporter")
    if "metric" in alert and alert.get("compare") not in (">", "<"):
        raise TableError(f"{name}: compare must be > or <")
    if list(alert["tiers"]) != [tier for tier in TIERS if tier in alert["tiers"]]:
        raise TableError(f"{name}: tiers must be some of {TIERS}, in this order")
    for tier, values in alert["tiers"].items():
        wanted = ("for", "threshold") if "metric" in alert else ("for",)
        allowed = () if "metric" in alert else ("expr",)
        require_keys(f"{name} {tier}", values, wanted, ("keep_firing_for", *CONDITIONS, *allowed))
        if "metric" not in alert and "expr" not in values and "expr" not in alert:
            raise TableError(f"{name} {tier}: needs metric or expr")


def group_rules(table, group):
    for record in group.get("records", []):
        require_keys("a record", record, ("record", "expr"), ("labels",))
        yield {key: record[key] for key in ("record", "expr", "labels") if key in record}
    for entry in group.get("alerts", []):
        alert = {key: table[key] for key in ("about", "opens") if key in table} | entry
        check_alert(alert)
        yield from alert_rules(alert)


class RulesDumper(yaml.SafeDumper):
    """Writes texts of several lines as blocks, and never wraps a line."""


def represent_text(dumper, text):
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


RulesDumper.add_representer(str, represent_text)


def load_table(path):
    table = yaml.safe_load(path.read_text(encoding="utf-8"))
    require_keys(path.name, table, ("about", "groups"), ("opens",))
    return table


def rules_text(path):
    try:
        return rules_of(load_table(path), path)
    except (TableError, yaml.YAMLError) as error:
        raise TableError(f"{path}: {error}") from error


def rules_of(table, path):
    groups = []
    for group in table["groups"]:
        require_keys(path.name, group, ("interval",), ("name", "records", "alerts"))
        name = ".".join(["pathwitness", path.stem] + ([group["name"]] if "name" in group else []))
        rules = list(group_rules(table, group))
        groups.append({"name": name, "interval": group["interval"], "rules": rules})
    header = f"# Generated from alerts/tables/{path.name} by tools/generate-rules.py. Edit the table.\n"
    return header + dump(groups)


def dump(groups):
    return yaml.dump(
        {"groups": groups}, Dumper=RulesDumper, sort_keys=False, width=10**6, allow_unicode=True
    )


def threshold_missing_expr(alert, tier):
    metric, threshold = alert["metric"], f'pathwitness:threshold{{alert="{alert["alert"]}",tier="{tier}"}}'
    if "target" in alert["of"]:
        return f"count(group by (target) ({metric}) unless on (target) {threshold})"
    return f"count({metric} unless on () {threshold})"


def catalogue_rules(tables):
    """Each alert and tier that there is and what an override of it may say, as series: an override
    that fits none has a mistake."""
    groups = [group for table in tables for group in table["groups"]]
    records = [record for group in groups for record in group.get("records", [])]
    by_hand = [r["labels"] for r in records if r["record"] == "pathwitness:threshold"]
    alerts = [alert for group in groups for alert in group.get("alerts", [])]
    for alert in sorted(alerts, key=lambda alert: alert["alert"]):
        for tier in alert["tiers"]:
            labels = {"alert": alert["alert"], "tier": tier}
            takes = "threshold" if "metric" in alert or labels in by_hand else "disabled"
            per = "target" if "target" in alert["of"] else "environment"
            yield {
                "record": "pathwitness:alert_info",
                "expr": "vector(1)",
                "labels": labels | {"takes": takes, "per": per},
            }
            if "metric" in alert:
                yield {
                    "record": "pathwitness:threshold_missing:count",
                    "expr": threshold_missing_expr(alert, tier),
                    "labels": labels,
                }


def catalogue_text(paths):
    """The rules about the rules. Their version is a digest of all others."""
    digest = hashlib.sha256("".join(rules_text(path) for path in paths).encode())
    version = {
        "record": "pathwitness:rules_info",
        "expr": "vector(1)",
        "labels": {"version": digest.hexdigest()[:12]},
    }
    rules = [version, *catalogue_rules([load_table(path) for path in paths])]
    header = "# Generated from all of alerts/tables by tools/generate-rules.py.\n"
    return header + dump([{"name": "pathwitness.catalogue", "interval": "30s", "rules": rules}])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=pathlib.Path, default=REPOSITORY / "alerts/rules")
    parser.add_argument("tables", metavar="TABLE", nargs="*", type=pathlib.Path)
    arguments = parser.parse_args()
    tables = sorted((REPOSITORY / "alerts/tables").glob("*.yaml"))
    try:
        texts = {path.name: rules_text(path) for path in arguments.tables or tables}
        texts["catalogue.yaml"] = catalogue_text(tables)
    except TableError as error:
        sys.exit(f"generate-rules: {error}")
    for name, text in texts.items():
        (arguments.output / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
