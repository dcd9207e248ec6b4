// Values as Grafana writes them: units, mappings, thresholds, colours. Pure; also used by the page.

const COLORS = {
  green: '#73bf69', 'dark-green': '#37872d', 'semi-dark-green': '#56a64b', 'light-green': '#96d98d',
  'super-light-green': '#c8f2c2',
  yellow: '#fade2a', 'dark-yellow': '#e0b400', 'semi-dark-yellow': '#f2cc0c',
  'light-yellow': '#ffee52', 'super-light-yellow': '#fff899',
  red: '#f2495c', 'dark-red': '#c4162a', 'semi-dark-red': '#e02f44', 'light-red': '#ff7383',
  'super-light-red': '#ffa6b0',
  blue: '#5794f2', 'dark-blue': '#1f60c4', 'semi-dark-blue': '#3274d9', 'light-blue': '#8ab8ff',
  'super-light-blue': '#c0d8ff',
  orange: '#ff9830', 'dark-orange': '#fa6400', 'semi-dark-orange': '#ff780a',
  'light-orange': '#ffb357', 'super-light-orange': '#ffcb7d',
  purple: '#b877d9', 'dark-purple': '#8f3bb8', 'semi-dark-purple': '#a352cc',
  'light-purple': '#ca95e5', 'super-light-purple': '#deb6f2',
  gray: '#8e8e8e', grey: '#8e8e8e', text: '#ccccdc', white: '#ffffff', black: '#000000',
  transparent: 'transparent',
};

const SERIES = ['green', 'yellow', 'blue', 'orange', 'red', 'purple', 'light-blue', 'light-green',
  'dark-orange', 'light-red', 'dark-blue', 'light-purple', 'dark-yellow', 'light-yellow'];

/** What CSS calls a colour of a dashboard. */
export function cssColor(name) {
  return COLORS[name] ?? name;
}

/** The colour of the series at `index` in a panel. */
export function seriesColor(index) {
  return COLORS[SERIES[index % SERIES.length]];
}

function digits(value, decimals) {
  if (decimals !== undefined && decimals !== null) {
    return value.toFixed(decimals);
  }
  const size = Math.abs(value);
  return String(Number(value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3)));
}

// `steps` are [factor, suffix], the largest first.
function scaled(value, steps, decimals) {
  const [factor, suffix] = steps.find(([factor]) => Math.abs(value) >= factor) ?? steps.at(-1);
  return digits(value / factor, decimals) + suffix;
}

const THOUSANDS = [[1e9, ' Bil'], [1e6, ' Mil'], [1e3, ' K'], [1, '']];
const BINARY = [[2 ** 40, ' TiB'], [2 ** 30, ' GiB'], [2 ** 20, ' MiB'], [2 ** 10, ' KiB'], [1, ' B']];
const SECONDS = [[31536000, ' years'], [604800, ' weeks'], [86400, ' days'], [3600, ' hours'],
  [60, ' mins'], [1, ' s'], [1e-3, ' ms'], [1e-6, ' µs']];

function small(value, suffix, decimals) {
  return scaled(value, THOUSANDS, decimals) + suffix;
}

function seconds(value, decimals) {
  return value === 0 ? '0 s' : scaled(value, SECONDS, decimals);
}

function dateText(ms) {
  return new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
}

function fromNow(ms) {
  const distance = (ms - Date.now()) / 1000;
  const text = scaled(Math.abs(distance), SECONDS.slice(0, 6), 0);
  return distance > 0 ? `in ${text}` : `${text} ago`;
}

const UNITS = {
  none: digits,
  short: (value, decimals) => small(value, '', decimals),
  s: seconds,
  ms: (value, decimals) => seconds(value / 1000, decimals),
  dtdurations: seconds,
  percentunit: (value, decimals) => `${digits(value * 100, decimals)}%`,
  percent: (value, decimals) => `${digits(value, decimals)}%`,
  bytes: (value, decimals) => scaled(value, BINARY, decimals),
  pps: (value, decimals) => small(value, ' p/s', decimals),
  reqps: (value, decimals) => small(value, ' req/s', decimals),
  ops: (value, decimals) => small(value, ' ops/s', decimals),
  cps: (value, decimals) => small(value, ' c/s', decimals),
  Bps: (value, decimals) => `${scaled(value, BINARY, decimals)}/s`,
  dateTimeAsIso: dateText,
  dateTimeFromNow: fromNow,
  string: String,
};

/** Whether unitText() knows the unit. */
export function isUnit(unit) {
  return unit === undefined || unit in UNITS || /^(suffix|prefix):/.test(unit);
}

/** A number with its unit, such as "12.5 ms" of 0.0125 and "s". */
export function unitText(value, unit, decimals) {
  if (value === null || value === undefined || Number.isNaN(value)) {
    return '';
  }
  const [, kind, affix] = /^(suffix|prefix):(.*)$/.exec(unit ?? '') ?? [];
  if (kind !== undefined) {
    const text = digits(value, decimals);
    return kind === 'suffix' ? text + affix : affix + text;
  }
  return (UNITS[unit] ?? UNITS.short)(value, decimals);
}

function mappingResult(value, mapping) {
  const { type, options } = mapping;
  switch (type) {
    case 'value': return options[String(value)];
    case 'range': return typeof value === 'number' && value >= (options.from ?? -Infinity) &&
      value <= (options.to ?? Infinity) ? options.result : undefined;
    case 'regex': {
      const body = /^\/(.*)\/$/.exec(options.pattern)?.[1] ?? options.pattern;
      return new RegExp(body).test(String(value)) ? options.result : undefined;
    }
    case 'special': {
      const isMissing = value === null || value === undefined || Number.isNaN(value);
      return isMissing && /null|nan|empty/.test(options.match) ? options.result : undefined;
    }
    default: throw new Error(`mapping of a kind that is not known here: ${type}`);
  }
}

function thresholdColor(value, thresholds) {
  const reached = (thresholds?.steps ?? []).filter((step) => step.value === null || value >= step.value);
  return reached.length > 0 ? cssColor(reached.at(-1).color) : undefined;
}

/**
 * {text, color} of a value in a field with this configuration (Grafana's fieldConfig, with the
 * overrides taken in); `color` is undefined where the configuration gives none.
 */
export function shown(value, config) {
  for (const mapping of config.mappings ?? []) {
    const result = mappingResult(value, mapping);
    if (result !== undefined) {
      const color = result.color ? cssColor(result.color) : undefined;
      return { text: result.text ?? shownText(value, config), color };
    }
  }
  const isFixed = config.color?.mode === 'fixed';
  const byThreshold = typeof value === 'number' ? thresholdColor(value, config.thresholds) : undefined;
  return { text: shownText(value, config), color: isFixed ? cssColor(config.color.fixedColor) : byThreshold };
}

function shownText(value, { unit, decimals }) {
  return typeof value === 'number' ? unitText(value, unit, decimals) : String(value ?? '');
}
