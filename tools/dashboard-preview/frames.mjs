// Answers of Prometheus to what a panel shows, as Grafana's data source and its transformations
// make them: frames {refId, name, fields: [{name, type, values, labels}]}. Pure.

const TIME = 'Time';

function number(text) {
  return text === 'NaN' ? NaN : Number(text.replace('Inf', 'Infinity'));
}

function labelText({ __name__: metric, ...labels }) {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${value}"`);
  return `${metric ?? ''}${pairs.length > 0 ? `{${pairs.join(', ')}}` : ''}`;
}

/** What a legend calls a series. */
export function legendText(format, metric) {
  if (!format || format === '__auto') {
    return labelText(metric) || 'Value';
  }
  return format.replace(/\{\{\s*(\w+)\s*\}\}/g, (whole, label) => metric[label] ?? '');
}

function seriesFrames({ target, result }) {
  return result.map(({ metric, values }) => {
    const name = legendText(target.legendFormat, metric);
    return {
      refId: target.refId,
      name,
      fields: [
        { name: TIME, type: 'time', values: values.map(([time]) => time * 1000) },
        { name: 'Value', displayName: name, type: 'number', labels: metric,
          values: values.map(([, text]) => number(text)) },
      ],
    };
  });
}

// One row for each sample; labels are columns.
function tableFrame({ target, result }, isOneOfMany) {
  const labels = [...new Set(result.flatMap(({ metric }) => Object.keys(metric)))].sort();
  const rows = result.flatMap(({ metric, values }) => values.map((sample) => ({ metric, sample })));
  return {
    refId: target.refId,
    name: target.refId,
    fields: [
      { name: TIME, type: 'time', values: rows.map(({ sample }) => sample[0] * 1000) },
      ...labels.map((name) => ({ name, type: 'string', values: rows.map(({ metric }) => metric[name] ?? '') })),
      { name: isOneOfMany ? `Value #${target.refId}` : 'Value', type: 'number',
        values: rows.map(({ sample }) => number(sample[1])) },
    ],
  };
}

// Buckets of a histogram are cumulative; each becomes what it holds more than the one below.
function heatmapFrames(answer) {
  const frames = seriesFrames(answer)
    .sort((a, b) => number(a.fields[1].labels.le) - number(b.fields[1].labels.le));
  const below = new Map();
  for (const frame of frames) {
    const [times, counts] = frame.fields;
    counts.values = counts.values.map((count, i) => {
      const more = count - (below.get(times.values[i]) ?? 0);
      below.set(times.values[i], count);
      return Math.max(more, 0);
    });
  }
  return frames;
}

/** The frames of a panel's answers, before its transformations. */
export function framesOf(answers) {
  const tables = answers.filter(({ target }) => target.format === 'table').length;
  return answers.flatMap((answer) => {
    switch (answer.target.format) {
      case 'table': return [tableFrame(answer, tables > 1)];
      case 'heatmap': return heatmapFrames(answer);
      default: return seriesFrames(answer);
    }
  });
}

/** What a person reads as the name of a field. */
export function nameOf(field) {
  return field.displayName ?? field.name;
}
