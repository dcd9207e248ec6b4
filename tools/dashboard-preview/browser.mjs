import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';

const FLAGS = ['--headless=new', '--no-sandbox', '--disable-gpu', '--hide-scrollbars', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--remote-debugging-pipe'];

// Chromium's processes end a little after it does, and write until then.
async function removeFolder(folder, tries = 50) {
  try {
    rmSync(folder, { recursive: true, force: true });
  } catch (error) {
    if (error.code !== 'ENOTEMPTY' || tries === 0) {
      throw error;
    }
    await setTimeout(100);
    await removeFolder(folder, tries - 1);
  }
}

/**
 * A Chromium that is told what to do by its DevTools protocol: messages of JSON, each with a zero
 * byte behind it, on file descriptors 3 (to it) and 4 (from it).
 */
export class Browser {
  #profile = mkdtempSync(path.join(tmpdir(), 'preview-'));
  #process = spawn('chromium', [...FLAGS, `--user-data-dir=${this.#profile}`],
    { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
  #waiting = new Map();  // by the number of the call, or the name of the event
  #complaints = [];
  #calls = 0;

  constructor() {
    let rest = '';
    this.#process.stdio[4].setEncoding('utf8').on('data', (text) => {
      const messages = (rest + text).split('\0');
      rest = messages.pop();
      messages.forEach((message) => this.#take(JSON.parse(message)));
    });
  }

  /** The PNG of a page once it has loaded; throws what its scripts threw or complained of. */
  async photograph(url, width, height) {
    const { targetId } = await this.#call('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await this.#call('Target.attachToTarget', { targetId, flatten: true });
    const call = (method, parameters) => this.#call(method, parameters, sessionId);
    await call('Page.enable');
    await call('Runtime.enable');
    await call('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: false });
    const loaded = new Promise((resolve) => this.#waiting.set('Page.loadEventFired', { resolve }));
    await call('Page.navigate', { url });
    await loaded;
    const { data } = await call('Page.captureScreenshot', { format: 'png' });
    await this.#call('Target.closeTarget', { targetId });
    if (this.#complaints.length > 0) {
      throw new Error(`${url}: ${this.#complaints.join('\n')}`);
    }
    return Buffer.from(data, 'base64');
  }

  async close() {
    const exit = once(this.#process, 'exit');
    this.#call('Browser.close');
    await exit;
    await removeFolder(this.#profile);
  }

  #call(method, params = {}, sessionId = undefined) {
    const id = ++this.#calls;
    this.#process.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  #take({ id, method, params, result, error }) {
    if (method === 'Runtime.exceptionThrown') {
      this.#complaints.push(params.exceptionDetails.exception?.description ?? params.exceptionDetails.text);
    }
    if (method === 'Runtime.consoleAPICalled' && params.type === 'error') {
      this.#complaints.push(params.args.map(({ value, description }) => value ?? description).join(' '));
    }
    const waiting = this.#waiting.get(id ?? method);
    this.#waiting.delete(id ?? method);
    if (error) {
      waiting?.reject(new Error(error.message));
    } else {
      waiting?.resolve(result);
    }
  }
}
