// Grafana's variables, as its Prometheus data source puts them into queries. Pure.

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

// Below the first number the interval is the second one; all in ms.
// Source: grafana-data, datetime/rangeutil.ts, roundInterval.
const ROUNDED_INTERVALS = [
  [10, 1], [15, 10], [35, 20], [75, 50], [150, 100], [350, 200], [750, 500], [1500, SECOND],
  [3500, 2 * SECOND], [7500, 5 * SECOND], [12500, 10 * SECOND], [17500, 15 * SECOND],
  [25000, 20 * SECOND], [45000, 30 * SECOND], [90000, MINUTE], [210000, 2 * MINUTE],
  [450000, 5 * MINUTE], [750000, 10 * MINUTE], [1050000, 15 * MINUTE], [1500000, 20 * MINUTE],
  [2700000, 30 * MINUTE], [5400000, HOUR], [9000000, 2 * HOUR], [16200000, 3 * HOUR],
  [32400000, 6 * HOUR], [86400000, 12 * HOUR], [604800000, DAY],
];

// `$name`, `${name}` and `${name:format}`; `$1` is label_replace's.
const REFERENCE = /\$([a-zA-Z_]\w*)|\$\{(\w+)(?::([^}]+))?\}/g;

/** The value of All, which stands for every option. */
export const ALL = '$__all';

/** "20s" of 20000, in the largest unit that needs no fraction. */
export function durationText(ms) {
  const units = [['d', DAY], ['h', HOUR], ['m', MINUTE], ['s', SECOND], ['ms', 1]];
  const [unit, length] = units.find(([, length]) => ms >= length && ms % length === 0) ?? ['ms', 1];
  return `${ms / length}${unit}`;
}

/** Milliseconds of "20s"; throws when it is no duration of one unit. */
export function parseDuration(text) {
  const match = /^>?(\d+)(ms|s|m|h|d)$/.exec(text);
  if (!match) {
    throw new Error(`no duration: ${text}`);
  }
  return Number(match[1]) * { ms: 1, s: SECOND, m: MINUTE, h: HOUR, d: DAY }[match[2]];
}

/**
 * The step of a range query in ms: one point for each of `points`, rounded as Grafana rounds it,
 * and not below `least`.
 */
export function stepOf({ from, to }, points, least) {
  const exact = (to - from) / points;
  const [, rounded] = ROUNDED_INTERVALS.find(([below]) => exact < below) ?? [0, 7 * DAY];
  return Math.max(rounded, least);
}

/**
 * What Grafana itself defines: `range` is {from, to} in Unix ms, `step` and `scrape` (how often the
 * data source is told that samples come) are in ms.
 */
export function builtIns(range, step, scrape) {
  const length = range.to - range.from;
  const rate = Math.max(step + scrape, 4 * scrape);
  const plain = {
    __from: String(range.from),
    __to: String(range.to),
    __interval: durationText(step),
    __interval_ms: String(step),
    __range: durationText(Math.ceil(length / SECOND) * SECOND),
    __range_s: String(Math.round(length / SECOND)),
    __range_ms: String(length),
    __rate_interval: durationText(rate),
    __rate_interval_ms: String(rate),
  };
  return Object.fromEntries(Object.entries(plain).map(([name, value]) => [name, { value }]));
}

function dateText(ms, format) {
  if (format === undefined || format === 'iso') {
    return new Date(Number(ms)).toISOString();
  }
  if (format === 'seconds') {
    return String(Math.floor(Number(ms) / SECOND));
  }
  throw new Error(`format of a date that is not known here: ${format}`);
}

function alternatives(values, escape) {
  const escaped = values.map(escape);
  return escaped.length === 1 ? escaped[0] : `(${escaped.join('|')})`;
}

// In a PromQL string a backslash is itself escaped.
function escapedForPattern(value) {
  return value.replace(/\\/g, '\\\\\\\\').replace(/[$^*{}[\]'+?.()|]/g, '\\\\$&');
}

function unformatted({ value, isPattern }) {
  if (isPattern) {
    return alternatives([value].flat(), escapedForPattern);
  }
  return value.replace(/\\/g, '\\\\').replace(/'/g, "\\\\'");
}

function formatted(variable, format) {
  const values = [variable.value].flat();
  const [kind, ...rest] = format.split(':');
  switch (kind) {
    case 'date': return dateText(variable.value, rest.length === 0 ? undefined : rest.join(':'));
    case 'regex': return alternatives(values, (value) => value.replace(/[\\^$*+?.()|[\]{}/]/g, '\\$&'));
    case 'pipe': return values.join('|');
    case 'csv':
    case 'raw': return values.join(',');
    case 'queryparam': throw new Error('queryparam is for links');
    default: throw new Error(`format of a variable that is not known here: ${format}`);
  }
}

/**
 * `text` with its variables replaced. `scope` maps a name to {value, isPattern, isVerbatim}:
 * `value` is a string, or several for a variable that takes more than one; `isPattern` says that it
 * may take several or All, and so stands in a regular expression; `isVerbatim` that nothing of it is
 * escaped. Throws when a variable is not defined.
 */
export function interpolate(text, scope) {
  return text.replace(REFERENCE, (whole, bare, braced, format) => {
    const variable = scope[bare ?? braced];
    if (variable === undefined) {
      throw new Error(`${whole} is not defined, in: ${text}`);
    }
    if (format !== undefined) {
      return formatted(variable, format);
    }
    return variable.isVerbatim ? variable.value : unformatted(variable);
  });
}
