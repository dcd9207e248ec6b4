#!/usr/bin/env node
// Asks a Prometheus everything that the dashboards ask, and prints how many rows each query gets:
//
//   node tools/dashboard-preview/queries.mjs [--prometheus URL] [--range 1h] [--scrape 15s]
//       [--set VARIABLE=VALUE]... [--empty FILE] [FILE.json...]
//
// Exit status 1 when one gets none. FILE of --empty is a JSON object of queries, as they are
// printed, that must get none, with the reason; of a query that is there and gets some, or of one
// that there is not, exit status 1 as well.

import { readFileSync } from 'node:fs';

import { askAll } from './dashboard.mjs';
import { readOptions } from './options.mjs';

const { view, dashboards, values } = readOptions({ empty: { type: 'string' } });
const empty = values.empty ? JSON.parse(readFileSync(values.empty, 'utf8')) : {};

const answers = [];
for (const dashboard of dashboards) {
  answers.push(...(await askAll(dashboard, view)).answers);
}
const wrong = answers.filter(({ id, rows }) => (rows === 0) !== (id in empty));
const unknown = Object.keys(empty).filter((id) => !answers.some((answer) => answer.id === id));
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
