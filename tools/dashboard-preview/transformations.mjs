// Grafana's transformations of frames, as far as the dashboards use them. Pure.

import { nameOf } from './frames.mjs';

function rowsOf(frame) {
  const length = frame.fields[0]?.values.length ?? 0;
  return Array.from({ length }, (unused, i) =>
    Object.fromEntries(frame.fields.map((field) => [nameOf(field), field.values[i]])));
}

function frameOf(rows, fields) {
  const columns = fields.map((field) =>
    ({ ...field, values: rows.map((row) => row[nameOf(field)] ?? null) }));
  return { refId: 'A', name: '', fields: columns };
}

// Rows that agree in all columns that every frame has are one row.
function merge(frames) {
  const filled = frames.filter((frame) => frame.fields[0]?.values.length > 0);
  const named = new Map(filled.flatMap(({ fields }) => fields.map((field) => [nameOf(field), field])));
  const common = [...named.keys()].filter((name) =>
    filled.every(({ fields }) => fields.some((field) => nameOf(field) === name)));
  const merged = new Map();
  for (const row of filled.flatMap(rowsOf)) {
    const key = JSON.stringify(common.map((name) => row[name]));
    const alike = merged.get(key) ?? [];
    const fitting = alike.find((other) => Object.keys(row).every((name) =>
      !(name in other) || other[name] === row[name]));
    if (fitting) {
      Object.assign(fitting, row);
    } else {
      merged.set(key, [...alike, { ...row }]);
    }
  }
  return [frameOf([...merged.values()].flat(), [...named.values()])];
}

function convertFieldType(frames, { conversions }) {
  const numbers = conversions.filter(({ destinationType }) => destinationType === 'number')
    .map(({ targetField }) => targetField);
  return frames.map((frame) => ({ ...frame, fields: frame.fields.map((field) =>
    numbers.includes(nameOf(field))
      ? { ...field, type: 'number', values: field.values.map((value) => value === null ? null : Number(value)) }
      : field) }));
}

function filterFieldsByName(frames, { include }) {
  return frames.map((frame) => ({ ...frame, fields: frame.fields.filter((field) =>
    include.names.includes(nameOf(field))) }));
}

function organize(frames, { excludeByName = {}, indexByName = {}, renameByName = {} }) {
  const place = (field) => indexByName[nameOf(field)] ?? Infinity;
  return frames.map((frame) => ({ ...frame, fields: frame.fields
    .filter((field) => !excludeByName[nameOf(field)])
    .sort((a, b) => place(a) - place(b))
    .map((field) => ({ ...field, displayName: renameByName[nameOf(field)] || nameOf(field) })) }));
}

function groupingToMatrix([frame], { rowField, columnField, valueField }) {
  const rows = frame === undefined ? [] : rowsOf(frame);
  const columns = [...new Set(rows.map((row) => row[columnField]))];
  const names = [...new Set(rows.map((row) => row[rowField]))];
  const cell = (name, column) => rows.find((row) =>
    row[rowField] === name && row[columnField] === column)?.[valueField] ?? null;
  return [{ refId: 'A', name: '', fields: [
    { name: `${rowField}\\${columnField}`, type: 'string', values: names },
    ...columns.map((column) => ({ name: column, type: 'number', values: names.map((name) => cell(name, column)) })),
  ] }];
}

const TRANSFORMATIONS = { merge, convertFieldType, filterFieldsByName, organize, groupingToMatrix };

/** Frames after a panel's transformations; throws at one that is not known here. */
export function transformed(frames, transformations = []) {
  return transformations.reduce((changed, { id, options }) => {
    if (!(id in TRANSFORMATIONS)) {
      throw new Error(`transformation that is not known here: ${id}`);
    }
    return TRANSFORMATIONS[id](changed, options);
  }, frames);
}
