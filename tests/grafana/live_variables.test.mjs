// How Grafana puts variables into queries. A name is a claim.

import assert from 'node:assert/strict';
import test from 'node:test';

import { builtIns, durationText, interpolate, stepOf }
  from '../../tools/dashboard-preview/variables.mjs';

const HOUR = { from: 1700000000000, to: 1700003600000 };
const THREE_HOURS = { from: 1700000000000, to: 1700010800000 };

test('a variable is replaced with and without braces', () => {
  const scope = { target: { value: 'here-to-shop' } };
  assert.equal(interpolate('up{t="$target"} + ${target}', scope), 'up{t="here-to-shop"} + here-to-shop');
});

test('a variable that is not defined is an error', () => {
  assert.throws(() => interpolate('up{t="$tarket"}', { target: { value: 'x' } }), /\$tarket is not defined/);
});

test('the end of a pattern is no variable', () => {
  assert.equal(interpolate('up{t=~"a.*$"}', {}), 'up{t=~"a.*$"}');
});

test('the groups of label_replace are no variables', () => {
  assert.equal(interpolate('label_replace(up, "a", "$1", "b", "(.*)")', {}),
    'label_replace(up, "a", "$1", "b", "(.*)")');
});

test('a value that stands in a pattern is escaped for it and for the string around it', () => {
  const scope = { target: { value: 'a.b', isPattern: true } };
  assert.equal(interpolate('up{t=~"$target"}', scope), 'up{t=~"a\\\\.b"}');
});

test('several values are alternatives', () => {
  const scope = { target: { value: ['a', 'b'], isPattern: true } };
  assert.equal(interpolate('up{t=~"$target"}', scope), 'up{t=~"(a|b)"}');
});

test('the one value of several stands without parentheses', () => {
  const scope = { target: { value: ['a'], isPattern: true } };
  assert.equal(interpolate('up{t=~"$target"}', scope), 'up{t=~"a"}');
});

test('a single value keeps its dots', () => {
  assert.equal(interpolate('$host', { host: { value: 'a.example' } }), 'a.example');
});

test('the format regex escapes for a pattern and not for a string', () => {
  assert.equal(interpolate('${host:regex}', { host: { value: 'a.example' } }), 'a\\.example');
});

test('the format pipe separates values by bars', () => {
  assert.equal(interpolate('${host:pipe}', { host: { value: ['a', 'b'] } }), 'a|b');
});

test('a verbatim value of All is a pattern already', () => {
  assert.equal(interpolate('$host', { host: { value: '.+', isVerbatim: true } }), '.+');
});

test('an unknown format is an error', () => {
  assert.throws(() => interpolate('${host:shout}', { host: { value: 'a' } }), /shout/);
});

test('the range has its ends in milliseconds and in seconds', () => {
  const scope = builtIns(HOUR, 15000, 15000);
  assert.equal(interpolate('$__from ${__to:date:seconds}', scope), '1700000000000 1700003600');
});

test('the length of the range is a duration', () => {
  assert.equal(interpolate('[$__range] ${__range_s}', builtIns(HOUR, 15000, 15000)), '[1h] 3600');
});

test('a rate looks back over four scrapes at least', () => {
  assert.equal(interpolate('[$__rate_interval]', builtIns(HOUR, 15000, 15000)), '[1m]');
});

test('a rate looks back over a step and a scrape', () => {
  assert.equal(interpolate('[$__rate_interval]', builtIns(HOUR, 120000, 15000)), '[135s]');
});

test('a step is one of the round numbers', () => {
  assert.equal(stepOf(THREE_HOURS, 500, 1000), 20000);
});

test('a step is not below the least', () => {
  assert.equal(stepOf(HOUR, 3600, 15000), 15000);
});

test('a duration has the largest unit that needs no fraction', () => {
  assert.deepEqual([500, 20000, 90000, 7200000].map(durationText), ['500ms', '20s', '90s', '2h']);
});
