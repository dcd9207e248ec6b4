// What a panel shows, as plain values that page.mjs draws. Pure.

import { cssColor, seriesColor, shown, unitText } from './format.mjs';
import { framesOf, nameOf } from './frames.mjs';
import { transformed } from './transformations.mjs';

function matches({ id, options }, frame, field) {
  switch (id) {
    case 'byName': return nameOf(field) === options;
    case 'byRegexp': return new RegExp(options.replace(/^\/(.*)\/$/, '$1')).test(nameOf(field));
    case 'byFrameRefID': return frame.refId === options;
    case 'byType': return field.type === options;
    default: throw new Error(`matcher that is not known here: ${id}`);
  }
}

function set(config, path, value) {
  const [first, ...rest] = path;
  const inner = rest.length === 0 ? value : set(config[first] ?? {}, rest, value);
  return { ...config, [first]: inner };
}

/** The configuration of a field: the panel's defaults with the overrides that are for it. */
export function configOf(panel, frame, field) {
  return (panel.fieldConfig?.overrides ?? [])
    .filter(({ matcher }) => matches(matcher, frame, field))
    .flatMap(({ properties }) => properties)
    .reduce((config, { id, value }) => set(config, id.split('.'), value), panel.fieldConfig?.defaults ?? {});
}

/** The number fields of all frames, each with its frame and configuration. */
function numbersOf(panel, frames) {
  return frames.flatMap((frame) => frame.fields.filter(({ type }) => type === 'number')
    .map((field) => ({ frame, field, config: configOf(panel, frame, field) })));
}

function lastOf(values) {
  return values.filter((value) => value !== null && !Number.isNaN(value)).at(-1) ?? null;
}

/** Times of a range query in seconds, and a series' values at them, null where there is none. */
function onGrid({ from, to }, step, frame, field) {
  const count = Math.floor((to - from) / step) + 1;
  const values = Array(count).fill(null);
  frame.fields[0].values.forEach((time, i) => {
    const at = count - 1 - Math.round((to - time) / step);
    values[at] = Number.isFinite(field.values[i]) ? field.values[i] : null;
  });
  return values;
}

function gridTimes({ from, to }, step) {
  const count = Math.floor((to - from) / step) + 1;
  return Array.from({ length: count }, (unused, i) => (to - (count - 1 - i) * step) / 1000);
}

// The columns of a legend, null for a series without values.
function statistics(values) {
  const known = values.filter((value) => value !== null);
  if (known.length === 0) {
    return { min: null, mean: null, max: null };
  }
  const sum = known.reduce((total, value) => total + value, 0);
  return { min: Math.min(...known), mean: sum / known.length, max: Math.max(...known) };
}

// Names of statistics are written large in a legend's options.
function legendOf(series, { placement = 'bottom', sortBy, sortDesc } = {}) {
  const by = sortBy?.toLowerCase();
  const order = series.map((unused, i) => i);
  if (by !== undefined) {
    order.sort((a, b) => (sortDesc ? -1 : 1) * (series[a][by] - series[b][by]));
  }
  return { placement, order };
}

function timeseries(panel, frames, { range, step }) {
  const series = numbersOf(panel, frames).map(({ frame, field, config }, index) => {
    const values = onGrid(range, step, frame, field);
    const custom = config.custom ?? {};
    return {
      name: nameOf(field),
      values,
      color: config.color?.mode === 'fixed' ? cssColor(config.color.fixedColor) : seriesColor(index),
      dash: custom.lineStyle?.fill === 'dash' ? custom.lineStyle.dash : undefined,
      fill: (custom.fillOpacity ?? 0) / 100,
      isBars: custom.drawStyle === 'bars',
      isStacked: custom.stacking?.mode === 'normal',
      ...statistics(values),
    };
  });
  const { unit, decimals, min, max } = panel.fieldConfig.defaults;
  return { times: gridTimes(range, step), series, unit, decimals, min, max,
           legend: legendOf(series, panel.options?.legend) };
}

function stat(panel, frames) {
  const numbers = numbersOf(panel, frames);
  const isNamed = panel.options.textMode === 'value_and_name' || numbers.length > 1;
  const items = numbers.map(({ field, config }) => {
    const value = lastOf(field.values);
    const { text, color } = shown(value, config);
    return { text: value === null ? config.noValue : text, name: isNamed ? nameOf(field) : '',
             color: panel.options.colorMode === 'none' ? undefined : color };
  });
  const noValue = panel.fieldConfig.defaults.noValue ?? 'No data';
  return { items: items.length > 0 ? items : [{ text: noValue, name: '' }],
           isFilled: panel.options.colorMode === 'background' };
}

function bargauge(panel, frames) {
  const numbers = numbersOf(panel, frames);
  const values = numbers.map(({ field }) => lastOf(field.values));
  const { min = 0, max = Math.max(...values) } = panel.fieldConfig.defaults;
  return { items: numbers.map(({ field, config }, i) => ({
    name: nameOf(field),
    share: Math.min(Math.max((values[i] - min) / ((max - min) || 1), 0), 1),
    ...shown(values[i], config),
  })) };
}

function sortedRows(rows, columns, sortBy = []) {
  const keys = sortBy.map(({ displayName, desc }) =>
    ({ at: columns.findIndex(({ name }) => name === displayName), sign: desc ? -1 : 1 }));
  const compare = (a, b) => {
    if (a === b) { return 0; }
    if (a === null) { return -1; }
    return b !== null && a < b ? -1 : 1;
  };
  return [...rows].sort((a, b) => keys.map(({ at, sign }) =>
    at < 0 ? 0 : sign * compare(a[at].value, b[at].value)).find((order) => order !== 0) ?? 0);
}

function table(panel, frames) {
  const frame = frames[0] ?? { fields: [] };
  const columns = frame.fields.map((field) => ({ field, config: configOf(panel, frame, field) }))
    .map(({ field, config }) => ({ name: nameOf(field), field, config, width: config.custom?.width,
                                   isNumber: field.type === 'number' }));
  const length = frame.fields[0]?.values.length ?? 0;
  const cell = ({ field, config }, i) => {
    const value = field.values[i] ?? null;
    const { text, color } = shown(value, config);
    const isFilled = config.custom?.cellOptions?.type === 'color-background';
    return { value, text: value === null && !text ? config.noValue ?? '' : text,
             color: value === null ? undefined : color, isFilled };
  };
  const rows = Array.from({ length }, (unused, i) => columns.map((column) => cell(column, i)));
  return {
    columns: columns.map(({ name, width, isNumber }) => ({ name, width, isNumber })),
    rows: sortedRows(rows, columns, panel.options?.sortBy),
  };
}

function bucketName(le, unit) {
  return le === '+Inf' ? '∞' : unitText(Number(le), unit);
}

function heatmap(panel, frames, { range, step }) {
  const { color, yAxis, cellValues, filterValues } = panel.options;
  const rows = numbersOf(panel, frames).map(({ frame, field }) => ({
    name: 'le' in field.labels ? bucketName(field.labels.le, yAxis.unit) : nameOf(field),
    cells: onGrid(range, step, frame, field)
      .map((value) => value !== null && value > (filterValues?.le ?? -Infinity) ? value : null),
  }));
  const known = rows.flatMap(({ cells }) => cells).filter((value) => value !== null);
  const min = color.min ?? Math.min(...known, 0);
  const max = color.max ?? Math.max(...known);
  return {
    times: gridTimes(range, step),
    rows: yAxis.reverse ? rows : rows.reverse(),
    min, max, exponent: color.exponent,
    legend: known.length > 0 ? [unitText(min, cellValues?.unit), unitText(max, cellValues?.unit)] : [],
  };
}

function spansOf(values, times, step, config) {
  const spans = [];
  values.forEach((value, i) => {
    const last = spans.at(-1);
    if (value !== null && last?.value === value && last.end === i) {
      last.end = i + 1;
    } else if (value !== null) {
      spans.push({ value, begin: i, end: i + 1, ...shown(value, config) });
    }
  });
  return spans.map(({ begin, end, text, color }) =>
    ({ from: times[begin], to: times[end - 1] + step / 1000, text, color }));
}

function stateTimeline(panel, frames, { range, step }) {
  const times = gridTimes(range, step);
  return { times, rows: numbersOf(panel, frames).map(({ frame, field, config }) => ({
    name: nameOf(field), spans: spansOf(onGrid(range, step, frame, field), times, step, config),
  })) };
}

const KINDS = { timeseries, stat, bargauge, table, heatmap, 'state-timeline': stateTimeline };

/** What a panel shows, of the answers to its queries in `range` ({from, to} in ms). */
export function contentOf(panel, answers, range) {
  if (!(panel.type in KINDS)) {
    throw new Error(`panel of a type that is not known here: ${panel.type}`);
  }
  const frames = transformed(framesOf(answers), panel.transformations);
  const { title, type, gridPos } = panel;
  const step = answers[0]?.step ?? 1000;
  return { title, type, grid: gridPos, ...KINDS[type](panel, frames, { range, step }) };
}

/** When and how annotations are marked: {from, to, color}, times in seconds. */
export function marksOf(answers, { from, to }) {
  return answers.flatMap(({ annotation, result, step }) => result.flatMap(({ values }) => {
    const color = cssColor(annotation.iconColor);
    if (annotation.useValueForTime) {
      return [...new Set(values.map(([, value]) => Number(value) / 1000))]
        .filter((at) => at * 1000 >= from && at * 1000 <= to).map((at) => ({ from: at, to: at, color }));
    }
    return regions(values.map(([time]) => time), step / 1000).map((region) => ({ ...region, color }));
  }));
}

// Moments that are a step apart are one region.
function regions(times, step) {
  const found = [];
  for (const time of times) {
    const last = found.at(-1);
    if (last && time - last.to <= step * 1.01) {
      last.to = time;
    } else {
      found.push({ from: time, to: time });
    }
  }
  return found;
}
