// What the preview makes of Prometheus' answers. A name is a claim.

import assert from 'node:assert/strict';
import test from 'node:test';

import { contentOf, marksOf } from '../../tools/dashboard-preview/contents.mjs';
import { shown, unitText } from '../../tools/dashboard-preview/format.mjs';
import { framesOf, legendText } from '../../tools/dashboard-preview/frames.mjs';
import { transformed } from '../../tools/dashboard-preview/transformations.mjs';

const RANGE = { from: 0, to: 20000 };

function answer(refId, format, series) {
  return { target: { refId, format }, step: 10000, result: series };
}

function sample(metric, value) {
  return { metric, values: [[10, value]] };
}

function column(frame, name) {
  return frame.fields.find((field) => (field.displayName ?? field.name) === name)?.values;
}

test('a legend takes labels from the series', () => {
  assert.equal(legendText('{{target}} by {{prober}}', { target: 'a', prober: 'https' }), 'a by https');
});

test('a bucket holds what it has more than the one below', () => {
  const frames = framesOf([answer('A', 'heatmap', [sample({ le: '+Inf' }, '5'), sample({ le: '0.1' }, '3')])]);
  assert.deepEqual(frames.map(({ fields }) => fields[1].values), [[3], [2]]);
});

test('the values of a query among several bear its letter', () => {
  const frames = framesOf([answer('A', 'table', []), answer('B', 'table', [sample({}, '1')])]);
  assert.deepEqual(column(frames[1], 'Value #B'), [1]);
});

test('rows of two queries about the same are one', () => {
  const frames = framesOf([answer('A', 'table', [sample({ hop: '1' }, '1'), sample({ hop: '2' }, '2')]),
                           answer('B', 'table', [sample({ hop: '2' }, '7')])]);
  const [merged] = transformed(frames, [{ id: 'merge', options: {} }]);
  assert.deepEqual(column(merged, 'Value #A'), [1, 2]);
  assert.deepEqual(column(merged, 'Value #B'), [null, 7]);
});

test('rows that contradict each other stay apart', () => {
  const frames = framesOf([answer('A', 'table', [sample({ hop: '1', address: 'x' }, '1')]),
                           answer('B', 'table', [sample({ hop: '1', address: 'y' }, '2')])]);
  const [merged] = transformed(frames, [{ id: 'merge', options: {} }]);
  assert.deepEqual(column(merged, 'address'), ['x', 'y']);
});

test('a matrix has a column for each value of a label', () => {
  const frames = framesOf([answer('A', 'table', [sample({ from: 'x', to: 'z' }, '1'), sample({ from: 'y', to: 'z' }, '2')])]);
  const [matrix] = transformed(frames, [{ id: 'groupingToMatrix',
    options: { rowField: 'to', columnField: 'from', valueField: 'Value' } }]);
  assert.deepEqual([column(matrix, 'to\\from'), column(matrix, 'x'), column(matrix, 'y')], [['z'], [1], [2]]);
});

test('a transformation that is not known is an error', () => {
  assert.throws(() => transformed([], [{ id: 'guess', options: {} }]), /guess/);
});

test('a panel that is not known is an error', () => {
  assert.throws(() => contentOf({ type: 'pie' }, [], RANGE), /pie/);
});

test('a moment without a sample is a gap', () => {
  const panel = { type: 'timeseries', title: '', gridPos: {}, fieldConfig: { defaults: {}, overrides: [] } };
  const series = [{ metric: {}, values: [[0, '1'], [20, '3']] }];
  assert.deepEqual(contentOf(panel, [answer('A', 'time_series', series)], RANGE).series[0].values, [1, null, 3]);
});

test('an override is for the query that it names', () => {
  const panel = { type: 'stat', title: '', gridPos: {}, options: {}, fieldConfig: { defaults: { unit: 's' }, overrides: [
    { matcher: { id: 'byFrameRefID', options: 'B' }, properties: [{ id: 'unit', value: 'percentunit' }] }] } };
  const { items } = contentOf(panel, [answer('A', 'time_series', [sample({}, '0.5')]),
                                      answer('B', 'time_series', [sample({}, '0.5')])], RANGE);
  assert.deepEqual(items.map(({ text }) => text), ['500 ms', '50%']);
});

test('a row that is worse stands first', () => {
  const panel = { type: 'table', title: '', gridPos: {}, options: { sortBy: [{ displayName: 'Value', desc: true }] },
    fieldConfig: { defaults: {}, overrides: [] } };
  const { rows } = contentOf(panel, [answer('A', 'table', [sample({}, '1'), sample({}, '3')])], RANGE);
  assert.deepEqual(rows.map((row) => row.at(-1).value), [3, 1]);
});

test('a value has the colour of the highest threshold that it reaches', () => {
  const thresholds = { steps: [{ value: null, color: '#000001' }, { value: 5, color: '#000002' }] };
  assert.deepEqual([4, 5].map((value) => shown(value, { thresholds }).color), ['#000001', '#000002']);
});

test('a mapped value has the text of its mapping', () => {
  const mappings = [{ type: 'value', options: { 1: { text: 'up', color: '#000001' } } }];
  assert.deepEqual(shown(1, { mappings }), { text: 'up', color: '#000001' });
});

test('numbers are written with the unit that suits their size', () => {
  assert.deepEqual([unitText(0.0125, 's'), unitText(90, 's'), unitText(0.5, 'percentunit'), unitText(2048, 'bytes')],
    ['12.5 ms', '1.5 mins', '50%', '2 KiB']);
});

test('an event is marked at the time that its value says', () => {
  const annotation = { useValueForTime: true, iconColor: '#000001' };
  const marks = marksOf([{ annotation, step: 10000, result: [{ metric: {}, values: [[10, '5000'], [20, '5000']] }] }], RANGE);
  assert.deepEqual(marks, [{ from: 5, to: 5, color: '#000001' }]);
});

test('samples a step apart are one region', () => {
  const annotation = { iconColor: '#000001' };
  const marks = marksOf([{ annotation, step: 10000, result: [{ metric: {}, values: [[0, '1'], [10, '1']] }] }], RANGE);
  assert.deepEqual(marks.map(({ from, to }) => [from, to]), [[0, 10]]);
});
