// What the commands of this folder are told on their command lines.

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { Prometheus } from './prometheus.mjs';
import { parseDuration } from './variables.mjs';

const SHIPPED = fileURLToPath(new URL('../../grafana/dashboards', import.meta.url));

const COMMON = {
  prometheus: { type: 'string', default: 'http://localhost:9090' },
  range: { type: 'string', default: '1h' },
  to: { type: 'string' },
  scrape: { type: 'string', default: '15s' },
  set: { type: 'string', multiple: true, default: [] },
  width: { type: 'string', default: '1200' },
};

function chosenBy(settings) {
  return Object.fromEntries(settings.map((setting) => {
    const at = setting.indexOf('=');
    return [setting.slice(0, at), setting.slice(at + 1)];
  }));
}

function dashboardFiles(named) {
  return named.length > 0 ? named : readdirSync(SHIPPED).filter((name) => name.endsWith('.json'))
    .sort().map((name) => path.join(SHIPPED, name));
}

/** {view, dashboards, values}: what askAll() takes, the dashboards, and the options in `more`. */
export function readOptions(more) {
  const { values, positionals } =
    parseArgs({ options: { ...COMMON, ...more }, allowPositionals: true });
  const to = values.to ? Number(values.to) * 1000 : Date.now();
  const view = {
    prometheus: new Prometheus(values.prometheus),
    range: { from: to - parseDuration(values.range), to },
    scrape: parseDuration(values.scrape),
    width: Number(values.width),
    chosen: chosenBy(values.set),
  };
  const dashboards = dashboardFiles(positionals).map((file) => JSON.parse(readFileSync(file, 'utf8')));
  return { view, dashboards, values };
}
