/** The HTTP API of a Prometheus. All methods throw with its error when it refuses a query. */
export class Prometheus {
  constructor(url) {
    this.url = url;
  }

  /** Series of an instant query, each {metric, values: [[seconds, text]]}; `at` in Unix ms. */
  async instant(query, at) {
    const { resultType, result } = await this.#ask('query', { query, time: at / 1000 });
    if (resultType === 'scalar') {
      return [{ metric: {}, values: [result] }];
    }
    return result.map(({ metric, value }) => ({ metric, values: [value] }));
  }

  /** Series of a range query, as `instant`; `range` is {from, to} and `step` in ms. */
  async range(query, { from, to }, step) {
    // The newest moment is asked for, and the others in steps before it.
    const start = to - Math.floor((to - from) / step) * step;
    const { result } = await this.#ask('query_range',
      { query, start: start / 1000, end: to / 1000, step: step / 1000 });
    return result;
  }

  /** Values of a label in the range, of the series that `selector` selects; sorted. */
  async labelValues(label, selector, { from, to }) {
    const match = selector === undefined ? {} : { 'match[]': selector };
    return this.#ask(`label/${label}/values`, { ...match, start: from / 1000, end: to / 1000 });
  }

  async #ask(path, parameters) {
    const response = await fetch(`${this.url}/api/v1/${path}?${new URLSearchParams(parameters)}`);
    const answer = await response.json();
    if (answer.status !== 'success') {
      throw new Error(`${answer.error} in: ${parameters.query ?? parameters['match[]'] ?? path}`);
    }
    return answer.data;
  }
}
