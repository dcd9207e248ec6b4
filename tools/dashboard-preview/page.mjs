// Runs in the browser: draws what preview.mjs has put into the page.

import uPlot from '/uplot.mjs';
import { unitText } from '/format.mjs';

const CELL_HEIGHT = 38;  // Grafana's 30 px and the gap of 8
const GAP = 8;
const TOP = 30;
const TEXT = '#ccccdc';
const DARK = '#111217';  // text on a colour
const GRID = '#2c3235';

function styleOf(color, isFilled) {
  if (!isFilled) {
    return { color: color ?? TEXT };
  }
  const isOpaque = color !== undefined && color !== 'transparent';
  return { background: color ?? '', color: isOpaque ? DARK : TEXT };
}

function element(parent, name, { text, className, style } = {}) {
  const made = parent.appendChild(document.createElement(name));
  made.textContent = text ?? '';
  made.className = className ?? '';
  Object.assign(made.style, style);
  return made;
}

function legendTable(parent, { series, legend, unit, decimals }) {
  const box = element(parent, 'div', { className: 'legend' });
  box.style.maxHeight = legend.placement === 'right' ? '100%' : '38%';
  const rows = element(box, 'table');
  const head = element(rows, 'tr');
  for (const text of ['', 'min', 'mean', 'max']) {
    element(head, 'th', { text, className: text ? 'number' : '' });
  }
  for (const { name, color, min, mean, max } of legend.order.map((i) => series[i])) {
    const row = element(rows, 'tr');
    const first = element(row, 'td');
    element(first, 'span', { className: 'key', style: { background: color } });
    first.append(name);
    for (const value of [min, mean, max]) {
      element(row, 'td', { text: unitText(value, unit, decimals), className: 'number' });
    }
  }
}

// As wide as its longest text.
function sizeOf(texts) {
  return Math.max(...(texts ?? []).map((text) => text.length), 0) * 6.5 + 26;
}

function axis(more) {
  return { stroke: TEXT, grid: { stroke: GRID, width: 1 }, ticks: { stroke: GRID, width: 1 },
           font: '11px sans-serif', ...more };
}

function timeAxis() {
  return axis({ size: 28, space: 70, values: (plot, times) => times.map((time) => new Date(time * 1000).toISOString().slice(11, 19)) });
}

function drawMarks(marks) {
  return (plot) => {
    const { ctx, bbox } = plot;
    ctx.save();
    for (const { from, to, color } of marks) {
      const left = plot.valToPos(from, 'x', true);
      ctx.fillStyle = ctx.strokeStyle = color;
      ctx.globalAlpha = 0.08;
      ctx.fillRect(left, bbox.top, plot.valToPos(to, 'x', true) - left, bbox.height);
      ctx.globalAlpha = 0.9;
      ctx.setLineDash([4, 4]);
      ctx.beginPath();
      ctx.moveTo(left, bbox.top);
      ctx.lineTo(left, bbox.top + bbox.height);
      ctx.stroke();
    }
    ctx.restore();
  };
}

// What lies below a series is added to it.
function stacked(series) {
  const sum = series[0]?.values.map(() => 0) ?? [];
  return series.map(({ values, isStacked }) => !isStacked ? values
    : values.map((value, i) => value === null ? null : (sum[i] += value)));
}

function highest(columns, max) {
  const values = columns.flat().filter((value) => value !== null);
  return max ?? (Math.max(...values, 0) || 1);
}

function lineSeries({ name, color, dash, fill, isBars }) {
  return { label: name, stroke: color, width: 1.3, dash, points: { show: false }, spanGaps: false,
           fill: fill > 0 ? color + Math.round(fill * 255).toString(16).padStart(2, '0') : undefined,
           paths: isBars ? uPlot.paths.bars({ size: [0.9, 20] }) : undefined };
}

function timeseries(body, panel, marks) {
  body.style.flexDirection = panel.legend.placement === 'right' ? 'row' : 'column';
  const chart = element(body, 'div', { className: 'chart' });
  legendTable(body, panel);
  const columns = stacked(panel.series);
  // The highest of a stack is drawn first, as each is filled down to zero.
  const order = panel.series.map((unused, i) => i).reverse();
  const top = highest(columns, panel.max);
  new uPlot({
    width: chart.clientWidth, height: chart.clientHeight, legend: { show: false }, cursor: { show: false },
    scales: { x: { time: true, range: [panel.times[0], panel.times.at(-1)] },
              y: { range: (plot, low, high) => uPlot.rangeNum(panel.min ?? low, panel.max ?? Math.max(high, top), 0.05, true)
                .map((edge, i) => i === 0 ? panel.min ?? edge : panel.max ?? edge) } },
    axes: [timeAxis(), axis({ size: (plot, texts) => sizeOf(texts),
      values: (plot, values) => values.map((value) => unitText(value, panel.unit, panel.decimals)) })],
    series: [{}, ...order.map((i) => lineSeries(panel.series[i]))],
    hooks: { draw: [drawMarks(marks)] },
  }, [panel.times, ...order.map((i) => columns[i])], chart);
}

function stat(body, { items, isFilled }) {
  for (const { text, name, color } of items) {
    const style = styleOf(color, isFilled);
    const box = element(body, 'div', { className: 'value', style });
    if (name) {
      element(box, 'span', { text: name });
    }
    element(box, 'b', { text });
  }
}

function bargauge(body, { items }) {
  const box = element(body, 'div', { className: 'gauges' });
  for (const { name, text, color, share } of items) {
    element(box, 'span', { text: name });
    element(element(box, 'div'), 'i', { style: { width: `${share * 100}%`, background: color } });
    element(box, 'span', { text, style: { color } });
  }
}

function table(body, { columns, rows }) {
  const made = element(element(body, 'div', { className: 'scroll' }), 'table');
  const head = element(made, 'tr');
  for (const { name, width, isNumber } of columns) {
    element(head, 'th', { text: name, className: isNumber ? 'number' : '', style: { width: width ? `${width}px` : '' } });
  }
  for (const row of rows) {
    const line = element(made, 'tr');
    row.forEach(({ text, color, isFilled }, i) => {
      const style = styleOf(color, isFilled);
      element(line, 'td', { text, style, className: columns[i].isNumber ? 'number' : '' });
    });
  }
}

/** A chart whose y axis has a line for each of `names`, the first on top; `paint` fills it. */
function lanes(body, { times, names, paint, marks }) {
  const chart = element(body, 'div', { className: 'chart' });
  const width = Math.min(sizeOf(names), chart.clientWidth * 0.4);
  const every = Math.ceil(names.length * 14 / Math.max(chart.clientHeight - 40, 14));
  const lane = (plot, i) => plot.bbox.top + plot.bbox.height * i / names.length;
  new uPlot({
    width: chart.clientWidth, height: chart.clientHeight, legend: { show: false }, cursor: { show: false },
    scales: { x: { time: true, range: [times[0], times.at(-1)] }, y: { range: [0, names.length], dir: -1 } },
    axes: [timeAxis(), axis({ size: width, grid: { show: false }, ticks: { show: false },
      splits: () => names.map((unused, i) => i + 0.5),
      values: () => names.map((name, i) => i % every === 0 ? name : '') })],
    series: [{}, { paths: () => null, points: { show: false } }],
    hooks: { draw: [(plot) => {
      const { ctx, bbox } = plot;
      ctx.save();
      ctx.beginPath();
      ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
      ctx.clip();
      names.forEach((unused, i) => paint(plot, i, lane(plot, i), lane(plot, i + 1)));
      ctx.restore();
    }, drawMarks(marks)] },
  }, [times, times.map(() => 0)], chart);
}

function heatmap(body, panel, marks) {
  const { times, rows, min, max, exponent, legend: ends } = panel;
  const step = times[1] - times[0];
  body.style.flexDirection = 'column';
  lanes(body, { times, names: rows.map(({ name }) => name), marks, paint: ({ ctx, valToPos }, i, top, bottom) => {
    rows[i].cells.forEach((value, k) => {
      if (value !== null) {
        const share = ((value - min) / ((max - min) || 1)) ** exponent;
        const left = valToPos(times[k] - step, 'x', true);
        ctx.fillStyle = `hsl(${40 - 25 * share} 90% ${88 - 60 * share}%)`;
        ctx.fillRect(left, top, valToPos(times[k], 'x', true) - left + 0.5, bottom - top - 1);
      }
    });
  } });
  element(body, 'div', { text: ends.join(' – '), className: 'legend', style: { textAlign: 'right', padding: '0 8px 2px' } });
}

function stateTimeline(body, { times, rows }, marks) {
  lanes(body, { times, names: rows.map(({ name }) => name), marks, paint: ({ ctx, valToPos }, i, top, bottom) => {
    for (const { from, to, color } of rows[i].spans) {
      const left = valToPos(from, 'x', true);
      ctx.globalAlpha = 0.8;
      ctx.fillStyle = color ?? TEXT;
      ctx.fillRect(left, top + (bottom - top) * 0.08, valToPos(to, 'x', true) - left - 1, (bottom - top) * 0.84);
      ctx.globalAlpha = 1;
    }
  } });
}

const KINDS = { timeseries, stat, bargauge, table, heatmap, 'state-timeline': stateTimeline };

function isEmpty(panel) {
  return [panel.series, panel.rows, panel.items].every((parts) => parts === undefined || parts.length === 0);
}

function draw({ title, subtitle, panels, marks, width }) {
  const heading = element(document.body, 'h1', { text: title });
  element(heading, 'small', { text: subtitle });
  for (const panel of panels) {
    const { x, y, w, h } = panel.grid;
    const column = (width + GAP) / 24;
    const box = element(document.body, 'section', { className: panel.type, style: {
      left: `${x * column}px`, top: `${TOP + y * CELL_HEIGHT}px`, width: `${w * column - GAP}px`,
      height: `${h * CELL_HEIGHT - GAP}px` } });
    element(box, 'h2', { text: panel.title });
    if (panel.type === 'row') {
      continue;
    }
    const body = element(box, 'div', { className: 'body' });
    if (isEmpty(panel)) {
      element(body, 'div', { text: 'No data', className: 'none' });
    } else {
      KINDS[panel.type](body, panel, marks);
    }
  }
}

draw(JSON.parse(document.getElementById('dashboard').textContent));
