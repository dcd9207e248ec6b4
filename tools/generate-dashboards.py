#!/usr/bin/python3
"""Writes grafana/dashboards/*.json, which Grafana loads, from grafana/tables/*.yaml.

    tools/generate-dashboards.py [--output DIR] [TABLE...]

Without TABLE: all of them. The tables' format is described in docs/dashboards.md. What panels have in
common (data source, grid, legends, colours, links) is written once, here. Exit status 1 when a table
is wrong, with the panel's title and what is wrong.
"""

import argparse
import json
import pathlib
import re
import string
import sys

import yaml

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
NOTHING_CHOSEN = {"text": "", "value": ""}  # Grafana then takes the first
GRID_WIDTH = 24
SHORT_GAP_MS = 120_000  # a line goes on over a gap of a few scrapes; an exporter that is gone is a gap
NARROWEST_COLUMN = 60  # Grafana's 150 pixels would push the last columns of most tables out of sight
DAY = 86400

# What a value means, as a person sees it: steps of colour, or words with colours.
STEPS = {
    "plain": [(None, "text")],
    "blue": [(None, "blue")],
    "loss": [(None, "green"), (0.01, "yellow"), (0.05, "orange"), (0.25, "red")],
    "none_is_good": [(None, "green"), (1, "red")],
    "none_is_better": [(None, "green"), (1, "yellow")],
    "some_is_good": [(None, "red"), (1, "green")],
    "intervals": [(None, "green"), (2, "yellow"), (3, "red")],
    "certificate": [(None, "red"), (7 * DAY, "orange"), (21 * DAY, "green")],
    "share_used": [(None, "green"), (0.8, "yellow"), (0.95, "red")],
}
WORDS = {
    "state": {0: ("unknown", "#808080"), 1: ("up", "green"), 2: ("degraded", "yellow"), 3: ("down", "red")},
    "success": {0: ("fails", "red"), 1: ("works", "green")},
    "severity": {1: ("info", "blue"), 2: ("warning", "orange"), 3: ("critical", "red")},
    "present": {1: (" ", "blue")},
    "change": {0: ("left", "orange"), 1: ("came", "blue")},
    "holds": {0: ("no", "red"), 1: ("yes", "green")},
    "yes": {0: ("no", "transparent"), 1: ("yes", "orange")},
}


class TableError(Exception):
    """A table says something that cannot be turned into a dashboard."""


def require_keys(what, entry, required, allowed=()):
    missing = [key for key in required if key not in entry]
    unknown = [key for key in entry if key not in (*required, *allowed)]
    if missing or unknown:
        raise TableError(f"{what}: missing keys {missing}, unknown keys {unknown}")


def meaning(name):
    """The field settings of a word of STEPS or WORDS."""
    if name in WORDS:
        options = {str(value): {"text": text, "color": color, "index": index}
                   for index, (value, (text, color)) in enumerate(WORDS[name].items())}
        return {"color": {"mode": "thresholds"}, "mappings": [{"type": "value", "options": options}],
                "thresholds": steps([(None, "transparent")])}
    if name in STEPS:
        return {"color": {"mode": "thresholds"}, "thresholds": steps(STEPS[name])}
    raise TableError(f"no such meaning: {name}")


def steps(values):
    return {"mode": "absolute", "steps": [{"value": value, "color": color} for value, color in values]}


def targets(panel, form, instant):
    """The panel's queries, with reference ids A, B, ..."""
    result = []
    for reference, query in zip(string.ascii_uppercase, panel["queries"]):
        require_keys(panel["title"], query, ("expr",), ("legend", "as", "unit", "means", "dashed", "color", "width"))
        target = {"refId": reference, "datasource": DATASOURCE, "editorMode": "code",
                  "expr": query["expr"].strip(), "format": form, "instant": instant, "range": not instant}
        if "legend" in query:
            target["legendFormat"] = query["legend"]
        result.append(target)
    return result


def override(matcher, of, properties):
    return {"matcher": {"id": matcher, "options": of},
            "properties": [{"id": key, "value": value} for key, value in properties.items()]}


def line_overrides(panel):
    """How single queries of a time series are drawn: a threshold, say, dashed and without filling."""
    for target, query in zip(string.ascii_uppercase, panel["queries"]):
        properties = {}
        if query.get("dashed"):
            properties |= {"custom.lineStyle": {"fill": "dash", "dash": [8, 6]}, "custom.fillOpacity": 0,
                           "custom.stacking": {"mode": "none", "group": "A"}}
        if "color" in query:
            properties["color"] = {"mode": "fixed", "fixedColor": query["color"]}
        if properties:
            yield override("byFrameRefID", target, properties)


def timeseries(panel):
    stacked = panel.get("stacked", False)
    custom = {"drawStyle": "bars" if panel.get("bars") else "line", "lineWidth": 1,
              "fillOpacity": 70 if stacked or panel.get("bars") else 0, "showPoints": "auto", "spanNulls": SHORT_GAP_MS,
              "stacking": {"mode": "normal" if stacked else "none", "group": "A"}}
    legend = {"displayMode": "table", "placement": panel.get("legend", "bottom"), "showLegend": True,
              "calcs": ["min", "mean", "max"], "sortBy": "Max", "sortDesc": True}
    return {"targets": targets(panel, "time_series", False),
            "fieldConfig": {"defaults": {"color": {"mode": "palette-classic"}, "min": panel.get("min", 0),
                                         "custom": custom},
                            "overrides": list(line_overrides(panel))},
            "options": {"legend": legend, "tooltip": {"mode": "multi", "sort": "desc"}}}


def reduced(calc="lastNotNull"):
    return {"calcs": [calc], "fields": "", "values": False}


def stat(panel):
    options = {"reduceOptions": reduced(), "orientation": "auto", "justifyMode": "center", "graphMode": "none",
               "colorMode": "background" if any("means" in entry for entry in (panel, *panel["queries"])) else "none",
               "textMode": panel.get("text", "auto"), "wideLayout": True, "showPercentChange": False,
               "percentChangeColorMode": "standard"}
    return {"targets": targets(panel, "time_series", True),
            "fieldConfig": {"defaults": meaning(panel.get("means", "plain")) | {"noValue": panel.get("empty", "-")},
                            "overrides": [override("byFrameRefID", reference, meaning(query["means"]))
                                          for reference, query in zip(string.ascii_uppercase, panel["queries"])
                                          if "means" in query]},
            "options": options}


def bargauge(panel):
    options = {"reduceOptions": reduced(), "orientation": "horizontal", "displayMode": "basic", "valueMode": "color",
               "showUnfilled": True, "sizing": "auto", "minVizHeight": 12, "maxVizHeight": 300, "minVizWidth": 8,
               "namePlacement": "left", "legend": {"displayMode": "list", "placement": "bottom", "calcs": [],
                                                   "showLegend": False}}
    return {"targets": targets(panel, "time_series", True),
            "fieldConfig": {"defaults": meaning(panel.get("means", "blue")) | {"min": panel.get("min", 0)},
                            "overrides": []},
            "options": options}


def timeline(panel):
    """States over time: a line of coloured bars for each series, the first series on top. Where a click
    stands for its moment, values are not merged: what was clicked would be the bar's beginning."""
    options = {"mergeValues": "links" not in panel, "showValue": "never", "alignValue": "left", "rowHeight": 0.85,
               "legend": {"displayMode": "list", "placement": "bottom", "calcs": [],
                          "showLegend": panel["means"] != "present"},
               "tooltip": {"mode": "single", "sort": "none"}}
    return {"targets": targets(panel, "time_series", False),
            "fieldConfig": {"defaults": meaning(panel["means"]) | {"custom": {"fillOpacity": 80, "lineWidth": 0,
                                                                              "spanNulls": False}},
                            "overrides": []},
            "options": options}


def heatmap(panel):
    """Of a histogram's buckets; with `rows`, each series is a row, the first on top."""
    rows = panel.get("rows", False)
    unit = panel["unit"]
    options = {"calculate": False, "cellGap": 1, "showValue": "never",
               "color": {"mode": "scheme", "scheme": "Oranges", "steps": 64, "exponent": 0.5, "scale": "exponential",
                         "fill": "dark-orange", "reverse": False},
               "cellValues": {"unit": unit if rows else "short"},
               "yAxis": {"axisPlacement": "left", "reverse": rows, "unit": "short" if rows else unit},
               "rowsFrame": {"layout": "unknown" if rows else "auto"}, "filterValues": {"le": -1 if rows else 1e-9},
               "legend": {"show": True}, "tooltip": {"mode": "single", "yHistogram": not rows},
               "exemplars": {"color": "rgba(255,0,255,0.7)"}}
    if rows and unit == "percentunit":
        options["color"] |= {"min": 0, "max": 1}
    return {"targets": targets(panel, "time_series" if rows else "heatmap", False),
            "fieldConfig": {"defaults": {"custom": {"hideFrom": {"legend": False, "tooltip": False, "viz": False}}},
                            "overrides": []},
            "options": options}


def value_columns(panel):
    """The name that Grafana gives to the values of each query, and the query."""
    names = ["Value"] if len(panel["queries"]) == 1 else [f"Value #{r}" for r in string.ascii_uppercase]
    return [(name, query) for name, query in zip(names, panel["queries"]) if "as" in query]


def arrange(panel):
    """Rows of all queries that are about the same thing become one, and columns get their names."""
    columns = panel["labels"] | {name: query["as"] for name, query in value_columns(panel)}
    result = [{"id": "merge", "options": {}}]
    numbers = [{"targetField": label, "destinationType": "number"} for label in panel.get("numbers", [])]
    if numbers:
        result.append({"id": "convertFieldType", "options": {"fields": {}, "conversions": numbers}})
    result.append({"id": "filterFieldsByName", "options": {"include": {"names": list(columns)}}})
    first = panel.get("first", [])
    order = sorted(columns, key=lambda name: first.index(columns[name]) if columns[name] in first else len(first))
    result.append({"id": "organize", "options": {"excludeByName": {}, "renameByName": columns, "indexByName": {
        name: index for index, name in enumerate(order)}}})
    return result


def column_overrides(panel):
    for _, query in value_columns(panel):
        properties = {"unit": query.get("unit", "short")}
        if "means" in query:
            properties |= meaning(query["means"])
            properties["custom.cellOptions"] = {"type": "color-background", "mode": "basic"}
        if "width" in query:
            properties["custom.width"] = query["width"]
        yield override("byName", query["as"], properties)
    for column, url in panel.get("column_links", {}).items():
        yield override("byName", column, {"links": [link("link", "Open", url)]})
    for column, width in panel.get("widths", {}).items():
        yield override("byName", column, {"custom.width": width})


def table(panel):
    order = [{"displayName": name, "desc": way == "down"} for name, way in panel.get("sort", {}).items()]
    options = {"frameIndex": 0, "showHeader": True, "cellHeight": "sm", "sortBy": order,
               "footer": {"show": False, "reducer": ["sum"], "countRows": False, "fields": [],
                          "enablePagination": panel.get("paged", False)}}
    custom = {"align": "auto", "cellOptions": {"type": "auto"}, "filterable": True, "inspect": False,
              "minWidth": NARROWEST_COLUMN}
    return {"targets": targets(panel, "table", True), "transformations": arrange(panel),
            "fieldConfig": {"defaults": meaning("plain") | {"custom": custom, "noValue": "-"},
                            "overrides": list(column_overrides(panel))},
            "options": options}


def matrix(panel):
    """A table of one query with the values of label `down` as rows and those of `across` as columns."""
    made = table(panel | {"labels": {}})
    made["transformations"] = [{"id": "groupingToMatrix", "options": {
        "rowField": panel["down"], "columnField": panel["across"], "valueField": "Value"}}]
    made["fieldConfig"]["defaults"] |= meaning(panel["means"])
    made["fieldConfig"]["defaults"]["custom"] |= {"cellOptions": {"type": "color-background", "mode": "basic"}}
    return made


KINDS = {
    "stat": (stat, ("unit",), ("means", "text", "empty")),
    "timeseries": (timeseries, ("unit",), ("stacked", "bars", "min", "legend")),
    "bargauge": (bargauge, ("unit",), ("means", "min")),
    "timeline": (timeline, ("means",), ()),
    "heatmap": (heatmap, ("unit",), ("rows",)),
    "table": (table, ("labels",), ("numbers", "first", "sort", "paged", "column_links", "widths")),
    "matrix": (matrix, ("down", "across", "means"), ()),
}
GRAFANA_NAMES = {"timeline": "state-timeline", "matrix": "table"}


def panel_json(panel, number, grid):
    kind = panel.get("kind")
    if kind not in KINDS:
        raise TableError(f"{panel.get('title', 'a panel without a title')}: no such kind: {kind}")
    make, required, allowed = KINDS[kind]
    require_keys(panel.get("title", "a panel without a title"), panel,
                 ("kind", "title", "asks", "width", "queries", *required), (*allowed, "links"))
    made = make(panel)
    made["fieldConfig"]["defaults"]["unit"] = panel.get("unit", "short")
    if "links" in panel:
        made["fieldConfig"]["defaults"]["links"] = [link("link", title, url) for title, url in panel["links"].items()]
    return {"id": number, "type": GRAFANA_NAMES.get(kind, kind), "title": panel["title"],
            "description": " ".join(panel["asks"].split()), "datasource": DATASOURCE, "gridPos": grid} | made


def link(kind, title, url):
    return {"type": kind, "title": title, "url": url, "icon": "external link", "tooltip": "", "tags": [],
            "asDropdown": False, "includeVars": False, "keepTime": False, "targetBlank": False}


def row_json(row, number, top):
    return {"id": number, "type": "row", "title": row["row"], "collapsed": False, "panels": [],
            "gridPos": {"h": 1, "w": GRID_WIDTH, "x": 0, "y": top}}


def panels_json(rows, points):
    """Panels stand side by side in rows of one height, in the order of the table."""
    result, top = [], 0
    for row in rows:
        require_keys(row.get("row", "a row"), row, ("height", "panels"), ("row",))
        if "row" in row:
            result.append(row_json(row, len(result) + 1, top))
            top += 1
        left = 0
        for panel in row["panels"]:
            grid = {"h": row["height"], "w": panel.get("width", 0), "x": left, "y": top}
            result.append(panel_json(panel, len(result) + 1, grid) | points)
            left += panel["width"]
        if left > GRID_WIDTH:
            raise TableError(f"{row.get('row', 'a row')}: is {left} wide, {GRID_WIDTH} at most")
        top += row["height"]
    return result


def variable(entry):
    require_keys(entry.get("name", "a variable"), entry, ("name", "label"), ("query", "many", "text"))
    common = {"name": entry["name"], "label": entry["label"], "hide": 0, "skipUrlSync": False}
    if "text" in entry:
        return common | {"type": "textbox", "query": entry["text"],
                         "current": {"text": entry["text"], "value": entry["text"]}}
    many = entry.get("many", False)
    made = common | {"type": "query", "datasource": DATASOURCE, "query": entry["query"], "definition": entry["query"],
                     "regex": "", "refresh": 2, "sort": 1, "multi": many, "includeAll": many, "options": []}
    if not many:
        return made | {"current": NOTHING_CHOSEN}
    return made | {"allValue": ".+", "current": {"text": ["All"], "value": ["$__all"]}}


def datasource_variable():
    return {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus", "regex": "",
            "hide": 0, "skipUrlSync": False, "refresh": 1, "multi": False, "includeAll": False, "options": [],
            "current": NOTHING_CHOSEN}


def annotation(name, entry):
    """Marks in all graphs: an event at the time that its value says (`at`), or the while that a series
    is there (`while`). With `quiet` one has to ask for it, at the top of the dashboard."""
    require_keys(name, entry, ("color", "text"), ("at", "while", "quiet"))
    at = "at" in entry
    return {"name": name, "datasource": DATASOURCE, "enable": not entry.get("quiet", False), "hide": False,
            "iconColor": entry["color"],
            "expr": (f"({entry['at'].strip()}) * 1000" if at else entry["while"].strip()),
            "titleFormat": name, "textFormat": entry["text"], "tagKeys": "", "step": "",
            "useValueForTime": at}


def expand(value, words):
    """Replaces <word> in all texts by what `let` says, of common.yaml, the table or the panel."""
    if isinstance(value, dict):
        words = words | value.get("let", {})
        return {expand(key, words): expand(entry, words) for key, entry in value.items() if key != "let"}
    if isinstance(value, list):
        return [expand(entry, words) for entry in value]
    if not isinstance(value, str):
        return value
    expanded = re.sub(r"<(\w+)>", lambda match: words.get(match.group(1), match.group(0)).strip(), value)
    return expanded if expanded == value else expand(expanded, words)


def chosen(what, names, of):
    unknown = [name for name in names if name not in of]
    if unknown:
        raise TableError(f"{what}: not in common.yaml: {unknown}")
    return {name: of[name] for name in names}


def dashboard(source, name, common):
    source, common = expand(source, common["let"]), expand(common, {})
    require_keys(name, source, ("title", "asks", "variables", "rows"), ("annotations", "points"))
    variables = list(chosen("variables", source["variables"], common["variables"]).items())
    marks = chosen("annotations", source.get("annotations", []), common["annotations"])
    points = {"maxDataPoints": source["points"]} if "points" in source else {}
    siblings = link("dashboards", "", "") | {"tags": ["pathwitness"], "includeVars": True, "keepTime": True}
    return {"uid": f"pathwitness-{name}", "title": f"Pathwitness / {source['title']}",
            "description": " ".join(source["asks"].split()), "tags": ["pathwitness"], "editable": False,
            "graphTooltip": 1, "schemaVersion": 39, "refresh": "1m", "time": {"from": "now-3h", "to": "now"},
            "timepicker": {}, "timezone": "", "fiscalYearStartMonth": 0, "weekStart": "", "links": [siblings],
            "annotations": {"list": [annotation(*mark) for mark in marks.items()]},
            "templating": {"list": [datasource_variable()] +
                                   [variable({"name": key} | entry) for key, entry in variables]},
            "panels": panels_json(source["rows"], points)}


def dashboard_text(path, common):
    try:
        made = dashboard(yaml.safe_load(path.read_text(encoding="utf-8")), path.stem, common)
    except (TableError, yaml.YAMLError) as error:
        raise TableError(f"{path}: {error}") from error
    return json.dumps(made, indent=1, ensure_ascii=False) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=pathlib.Path, default=REPOSITORY / "grafana/dashboards")
    parser.add_argument("tables", metavar="TABLE", nargs="*", type=pathlib.Path)
    arguments = parser.parse_args()
    shared = REPOSITORY / "grafana/tables/common.yaml"
    tables = sorted(path for path in shared.parent.glob("*.yaml") if path != shared)
    try:
        common = yaml.safe_load(shared.read_text(encoding="utf-8"))
        texts = {f"{path.stem}.json": dashboard_text(path, common) for path in arguments.tables or tables}
    except TableError as error:
        print(error, file=sys.stderr)
        return 1
    for name, text in texts.items():
        (arguments.output / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
