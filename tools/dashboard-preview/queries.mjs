#!/usr/bin/env node
// Asks a Prometheus everything that the dashboards ask, and prints how many rows each query gets:
//
//   node tools/dashboard-preview/queries.mjs [--prometheus URL] [--range 1h] [--to UNIX_TIME] [--scrape 15s]
//       [--set VARIABLE=VALUE]... [--healthy FILE] [FILE.json...]
//
// Exit status 1 when one gets none. While all is well some must: FILE is a JSON object of `empty`,
// which must get none, and `either`, which may; both are objects of queries, as they are printed,
// with the reason. Exit status 1 as well when there is no such query.

import { readFileSync } from 'node:fs';

import { askAll } from './dashboard.mjs';
import { readOptions } from './options.mjs';

const { view, dashboards, values } = readOptions({ healthy: { type: 'string' } });
const { empty, either } =
  values.healthy ? JSON.parse(readFileSync(values.healthy, 'utf8')) : { empty: {}, either: {} };

const answers = [];
for (const dashboard of dashboards) {
  answers.push(...(await askAll(dashboard, view)).answers);
}
const wrong = answers.filter(({ id, rows }) => (rows === 0) !== (id in empty) && !(id in either));
const unknown = Object.keys({ ...empty, ...either })
  .filter((id) => !answers.some((answer) => answer.id === id));
for (const { id, rows } of answers) {
  console.log(`${String(rows).padStart(6)}  ${id}`);
}
for (const { id, rows, query } of wrong) {
  console.log(`${rows === 0 ? 'no data' : `unexpected ${rows} rows`}: ${id}\n  ${query}`);
}
for (const id of unknown) {
  console.log(`no such query: ${id}`);
}
process.exit(wrong.length + unknown.length > 0 ? 1 : 0);
