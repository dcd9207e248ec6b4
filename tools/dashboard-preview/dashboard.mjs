// A dashboard of grafana/dashboards, and what Grafana asks Prometheus for to show it.

import { ALL, builtIns, interpolate, parseDuration, stepOf } from './variables.mjs';

/** Columns of the grid that panels lie on. */
export const GRID_COLUMNS = 24;

// Source: public/app/plugins/datasource/prometheus, the step of an annotation that names none.
const ANNOTATION_STEP = '60s';

const LABEL_VALUES = /^label_values\((?:(.+),)?\s*(\w+)\s*\)$/s;

/** All panels, also those in rows that are folded; not the rows themselves. */
export function panelsOf(dashboard) {
  return dashboard.panels.flatMap((panel) => [panel, ...(panel.panels ?? [])])
    .filter((panel) => panel.type !== 'row');
}

async function optionsOf(variable, scope, { prometheus, range }) {
  if (variable.type !== 'query') {
    return (variable.options ?? []).map((option) => option.value);
  }
  const query = variable.query.query ?? variable.query;
  const match = LABEL_VALUES.exec(query);
  if (!match || variable.regex) {
    throw new Error(`variable ${variable.name} is of a kind that is not known here: ${query}`);
  }
  const selector = match[1] === undefined ? undefined : interpolate(match[1], scope);
  return prometheus.labelValues(match[2], selector, range);
}

function valueOf(variable, options, chosen) {
  const current = variable.current?.value;
  const value = chosen ?? ([current].flat().includes(ALL) ? ALL : undefined) ??
    (variable.type === 'query' ? options[0] : current ?? variable.query);
  const isPattern = Boolean(variable.multi || variable.includeAll);
  if (value !== ALL) {
    return { value: value ?? '', isPattern };
  }
  return variable.allValue ? { value: variable.allValue, isVerbatim: true } : { value: options, isPattern };
}

/**
 * The variables of a dashboard: {scope, answers}. `scope` is what interpolate() takes; an answer is
 * {id, query, rows} for each variable that asks Prometheus.
 */
async function variablesOf(dashboard, view) {
  let scope = builtIns(view.range, view.scrape, view.scrape);
  const answers = [];
  for (const variable of dashboard.templating?.list ?? []) {
    const options = await optionsOf(variable, scope, view);
    const known = valueOf(variable, options, view.chosen?.[variable.name]);
    if (variable.type === 'textbox') {
      known.value = interpolate(known.value, scope);
    }
    scope = { ...scope, [variable.name]: known };
    if (variable.type === 'query') {
      const query = variable.query.query ?? variable.query;
      answers.push({ id: `${dashboard.uid} / $${variable.name}`, query, rows: options.length });
    }
  }
  return { scope, answers };
}

async function ask({ id, expr, step, isInstant }, scope, { prometheus, range, scrape }) {
  const query = interpolate(expr, { ...scope, ...builtIns(range, step, scrape) });
  try {
    const result = isInstant ? await prometheus.instant(query, range.to)
                             : await prometheus.range(query, range, step);
    return { id, query, step, result, rows: result.length };
  } catch (error) {
    throw new Error(`${id}: ${error.message}`);
  }
}

function leastStep(text, scope, scrape) {
  return text ? Math.max(parseDuration(interpolate(text, scope)), 1) : scrape;
}

function panelQueries(dashboard, scope, { range, scrape, width }) {
  return panelsOf(dashboard).flatMap((panel) => (panel.targets ?? [])
    .filter((target) => target.expr && !target.hide)
    .map((target) => {
      const points = panel.maxDataPoints ?? Math.round(width * panel.gridPos.w / GRID_COLUMNS);
      const least = leastStep(target.interval || panel.interval, scope, scrape);
      const title = panel.title || `panel ${panel.id}`;
      return {
        id: `${dashboard.uid} / ${title} / ${target.refId}`,
        expr: target.expr,
        step: stepOf(range, points, least) * (target.intervalFactor ?? 1),
        isInstant: Boolean(target.instant),
        panel,
        target,
      };
    }));
}

function annotationQueries(dashboard, scope, { range, scrape, width }) {
  return (dashboard.annotations?.list ?? []).filter((annotation) => annotation.expr)
    .map((annotation) => ({
      id: `${dashboard.uid} / annotation ${annotation.name}`,
      expr: annotation.expr,
      step: stepOf(range, width, leastStep(annotation.step || ANNOTATION_STEP, scope, scrape)),
      isInstant: false,
      annotation,
    }));
}

/**
 * Asks all that Grafana would ask to show a dashboard. `view` is {prometheus, range: {from, to},
 * scrape, width, chosen}: times in ms, the width in pixels, and values of variables by name.
 *
 * An answer is {id, query, rows}; those of panels and annotations have {step, result} and the
 * `panel` and `target`, or the `annotation`, that they are for. Throws when a query is refused.
 */
export async function askAll(dashboard, view) {
  const { scope, answers } = await variablesOf(dashboard, view);
  for (const query of [...panelQueries(dashboard, scope, view),
                       ...annotationQueries(dashboard, scope, view)]) {
    const { panel, target, annotation } = query;
    answers.push({ ...await ask(query, scope, view), panel, target, annotation });
  }
  return { scope, answers };
}
