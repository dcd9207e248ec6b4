// The dashboards have the shape that Grafana's own types say. A name is a claim.
//
//   node --test shapes.test.mjs, where its packages are; DASHBOARDS is the folder of dashboards.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

import { Ajv } from 'ajv';
import { createGenerator } from 'ts-json-schema-generator';

const FOLDER = process.env.DASHBOARDS;
const NAMES = readdirSync(FOLDER).filter((name) => name.endsWith('.json'));

// The shapes of what a kind of panel adds, by its name in Grafana.
const PANELS = {
  bargauge: { options: 'BargaugeOptions' },
  heatmap: { options: 'HeatmapOptions', field: 'HeatmapField' },
  stat: { options: 'StatOptions' },
  'state-timeline': { options: 'TimelineOptions', field: 'TimelineField' },
  table: { options: 'TableOptions', field: 'TableField' },
  timeseries: { options: 'TimeseriesOptions', field: 'TimeseriesField' },
};

const generator = createGenerator({
  path: fileURLToPath(new URL('shapes.ts', import.meta.url)),
  tsconfig: fileURLToPath(new URL('tsconfig.json', import.meta.url)),
  skipTypeCheck: true,
  functions: 'hide',
  topRef: false,
});
const ajv = new Ajv({ allErrors: true, allowUnionTypes: true });
const checks = new Map();

function checkOf(shape) {
  if (!checks.has(shape)) {
    const schema = generator.createSchema(shape);
    if (shape === 'Dashboard') {
      // What a data source adds to a query is not for the dashboard to know; it is checked as `Query`.
      schema.definitions.Dataquery = { type: 'object' };
    }
    checks.set(shape, ajv.compile(schema));
  }
  return checks.get(shape);
}

function problems(shape, value, where) {
  const check = checkOf(shape);
  check(value);
  return (check.errors ?? []).map(({ instancePath, message, params }) =>
    `${where}${instancePath} ${message} ${JSON.stringify(params)}`);
}

function panelProblems(panel) {
  if (panel.type === 'row') {
    return [];
  }
  const { options, field } = PANELS[panel.type] ?? assert.fail(`a kind without a shape: ${panel.type}`);
  const custom = panel.fieldConfig.defaults.custom;
  return [
    ...problems(options, panel.options, `${panel.title}/options`),
    ...(field ? problems(field, custom ?? {}, `${panel.title}/custom`) : []),
    ...panel.targets.flatMap((target) => problems('Query', target, `${panel.title}/${target.refId}`)),
  ];
}

function allProblems(dashboard) {
  return [...problems('Dashboard', dashboard, ''), ...dashboard.panels.flatMap(panelProblems)];
}

function read(name) {
  return JSON.parse(readFileSync(join(FOLDER, name), 'utf8'));
}

function firstOf(kind, dashboards) {
  return dashboards.flatMap(({ panels }) => panels).find(({ type }) => type === kind);
}

for (const name of NAMES) {
  test(`${name} has the shape of a dashboard`, () => {
    assert.deepEqual(allProblems(read(name)), []);
  });
}

// What each of these does to a dashboard must be seen, else the test above says nothing.
const MISTAKES = {
  'a misspelt key of a panel': (dashboard) => { dashboard.panels[0].gridPoss = {}; },
  'a tooltip mode that there is not': (dashboard) => { dashboard.graphTooltip = 7; },
  'a dashboard without a schema version': (dashboard) => { delete dashboard.schemaVersion; },
  'a misspelt key of a query': (dashboard) => { firstOf('timeseries', [dashboard]).targets[0].legend = ''; },
  'a way of drawing that there is not': (dashboard) => {
    firstOf('timeseries', [dashboard]).fieldConfig.defaults.custom.drawStyle = 'lines';
  },
  'a misspelt option of a kind of panel': (dashboard) => { firstOf('stat', [dashboard]).options.colourMode = 'none'; },
};
for (const [mistake, make] of Object.entries(MISTAKES)) {
  test(`${mistake} is seen`, () => {
    const dashboard = read('overview.json');
    make(dashboard);
    assert.notDeepEqual(allProblems(dashboard), []);
  });
}
