#!/usr/bin/env node
// Draws dashboards from their JSON and a Prometheus, near to what Grafana would show, as one PNG
// each: DIR/<uid>.png.
//
//   node tools/dashboard-preview/preview.mjs [--output DIR] [--modules DIR] [--prometheus URL]
//       [--range 1h] [--to UNIX_TIME] [--scrape 15s] [--set VARIABLE=VALUE]... [--width PIXELS] [--height PIXELS]
//       [FILE.json...]
//
// --modules: the folder node_modules with the packages of package.json. --height: what is below is
// cut off. Exit status 1 when a dashboard uses what cannot be drawn here, or the page fails.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { Browser } from './browser.mjs';
import { contentOf, marksOf } from './contents.mjs';
import { askAll, panelsOf } from './dashboard.mjs';
import { readOptions } from './options.mjs';
import { interpolate } from './variables.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const CELL_HEIGHT = 38;  // as in page.mjs
const TOP = 30;

const { view, dashboards, values } = readOptions({
  output: { type: 'string', default: 'build/dashboards' },
  modules: { type: 'string', default: 'build/dev/node/dashboard_preview/node_modules' },
  height: { type: 'string', default: 'Infinity' },
});

function subtitleOf({ scope, dashboard }) {
  const names = (dashboard.templating?.list ?? []).map(({ name }) => name);
  return names.filter((name) => name !== 'datasource' && scope[name].value !== '.+')
    .map((name) => `${name}: ${[scope[name].value].flat().join(', ')}`).join('   ');
}

async function sceneOf(dashboard) {
  const { scope, answers } = await askAll(dashboard, view);
  const panels = panelsOf(dashboard).map((panel) =>
    contentOf(panel, answers.filter((answer) => answer.panel === panel), view.range));
  const rows = dashboard.panels.filter(({ type }) => type === 'row')
    .map(({ title, type, gridPos }) => ({ title, type, grid: gridPos }));
  const named = [...rows, ...panels].map((panel) => ({ ...panel, title: interpolate(panel.title, scope) }));
  return {
    title: dashboard.title,
    subtitle: subtitleOf({ scope, dashboard }),
    panels: named,
    marks: marksOf(answers.filter(({ annotation }) => annotation?.enable), view.range),
    width: view.width,
  };
}

function pageOf(scene) {
  const data = JSON.stringify(scene).replace(/</g, '\\u003c');
  return `<!doctype html><meta charset="utf-8"><title>${scene.title}</title>
<link rel="stylesheet" href="/uplot.css"><link rel="stylesheet" href="/page.css">
<body><script id="dashboard" type="application/json">${data}</script>
<script type="module" src="/page.mjs"></script>`;
}

const FILES = {
  '/uplot.mjs': [path.join(values.modules, 'uplot/dist/uPlot.esm.js'), 'text/javascript'],
  '/uplot.css': [path.join(values.modules, 'uplot/dist/uPlot.min.css'), 'text/css'],
  '/page.mjs': [path.join(HERE, 'page.mjs'), 'text/javascript'],
  '/format.mjs': [path.join(HERE, 'format.mjs'), 'text/javascript'],
  '/page.css': [path.join(HERE, 'page.css'), 'text/css'],
};

/** Serves the page of each scene at /<its index>, on a free port of loopback. */
async function serve(scenes) {
  const server = http.createServer((request, response) => {
    const file = FILES[request.url];
    const scene = scenes[Number(request.url.slice(1))];
    if (!file && !scene) {
      response.writeHead(404).end();
      return;
    }
    response.setHeader('Content-Type', `${file ? file[1] : 'text/html'}; charset=utf-8`);
    response.end(file ? readFileSync(file[0]) : pageOf(scene));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

function heightOf(scene) {
  const bottom = TOP + CELL_HEIGHT * Math.max(...scene.panels.map(({ grid }) => grid.y + grid.h));
  return Math.min(bottom, Number(values.height));
}

const scenes = await Promise.all(dashboards.map(sceneOf));
const output = path.resolve(values.output);
mkdirSync(output, { recursive: true });
const server = await serve(scenes);
const browser = new Browser();
try {
  for (const [i, scene] of scenes.entries()) {
    const file = path.join(output, `${dashboards[i].uid}.png`);
    const url = `http://127.0.0.1:${server.address().port}/${i}`;
    writeFileSync(file, await browser.photograph(url, scene.width, heightOf(scene)));
    console.log(file);
  }
} finally {
  await browser.close();
  server.closeAllConnections();
  server.close();
}
