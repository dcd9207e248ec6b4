// The pages of a running exporter in Chromium, as their readers have them: at a desk and on a phone,
// in light and in dark, with a keyboard alone, and with text from strangers that would like to be
// more than text.
//
//   EXPORTER=http://127.0.0.1:10059 PLACE=<folder with node_modules> node --test pages.test.mjs
//
// PICTURES=<folder> also draws each page as it was seen.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';

const require = createRequire(`${process.env.PLACE}/`);
const { chromium } = require('playwright-core');
const axe = require('axe-core');

const exporter = process.env.EXPORTER;
const desk = { width: 1024, height: 720 };
const phone = { width: 360, height: 740 };
// What is the same in all looks is looked at once.
const looks = [
  { name: 'desk-light', viewport: desk, colorScheme: 'light',
    rules: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] },
  { name: 'phone-dark', viewport: phone, colorScheme: 'dark', rules: ['color-contrast', 'target-size'] },
];

let browser;
let pages; // name -> path

/** A page, with all that it complained about and all that it asked others for. */
async function open(path, look = looks[0]) {
  const page = await browser.newPage({ viewport: look.viewport, colorScheme: look.colorScheme });
  const complaints = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('dialog', (dialog) => complaints.push(`dialog ${dialog.message()}`));
  page.on('request', (request) => {
    if (!request.url().startsWith(`${exporter}/`)) complaints.push(`asked ${request.url()}`);
  });
  const answer = await page.goto(exporter + path);
  assert.equal(answer.status(), 200, path);
  return { page, complaints, close: () => page.close() };
}

async function eachPage(look, work) {
  for (const [name, path] of Object.entries(pages)) {
    const { page, complaints, close } = await open(path, look);
    await work(page, `${name}, ${look.name}`, complaints);
    await close();
  }
}

async function json(path) {
  const answer = await fetch(exporter + path);
  assert.equal(answer.status, 200, path);
  return answer.json();
}

before(async () => {
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
  const { incidents } = await json('/api/v1/incidents');
  const incident = incidents[0];
  const at = (time) => encodeURIComponent(new Date(time).toISOString().replace(/\.\d+Z/, 'Z'));
  const since = Date.parse(incident.since);
  pages = {
    status: '/',
    search: '/?q=shop',
    'target-path': `/targets/${incident.targets[0]}?span=14d`,
    'target-service': '/targets/here-to-web',
    'compare-form': '/compare',
    compare: `/compare?target=${incident.targets[0]}&at1=${at(since - 300e3)}&at2=${at(since + 10e3)}`,
    incidents: '/incidents',
    incident: `/incidents/${incident.id}`,
    reports: '/reports/',
    'reports-of-target': `/reports/${incident.targets[0]}/`,
    'public-status': '/status/',
  };
});

after(async () => browser?.close());

for (const look of looks) {
  test(`pages keep to the rules of accessibility and to the width there is, ${look.name}`, async () => {
    let least = { ratio: Infinity };
    await eachPage(look, async (page, name, complaints) => {
      if (process.env.PICTURES) {
        await page.screenshot({ path: `${process.env.PICTURES}/${name.replace(', ', '-')}.png` });
      }
      await page.evaluate(axe.source);
      const found = await page.evaluate((runOnly) => window.axe.run(document, { runOnly }), look.rules);
      const broken = found.violations.map(
        ({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.html} ${node.failureSummary}`).join('\n')}`);
      assert.deepEqual(broken, [], name);
      for (const { id, nodes } of found.passes) {
        if (id !== 'color-contrast') continue;
        for (const { any, html } of nodes) {
          const ratio = any[0]?.data?.contrastRatio;
          if (ratio > 0 && ratio < least.ratio) least = { ratio, html: html.slice(0, 80), name };
        }
      }
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(width <= look.viewport.width, `${name} scrolls sideways: it is ${width} wide`);
      assert.deepEqual(complaints, [], name);
    });
    console.log(`least contrast of text, ${look.name}: ${JSON.stringify(least)}`);
    assert.ok(least.ratio >= 4.5, 'WCAG 2.2, 1.4.3');
  });
}

test('tables have captions and heads, headings leave out no level, links lead somewhere', async () => {
  const links = new Set();
  await eachPage(looks[0], async (page, name) => {
    const bare = await page.$$eval('table', (tables) =>
      tables.filter((table) => !table.caption?.textContent || !table.querySelector('thead th[scope=col]')).length);
    assert.equal(bare, 0, name);
    const levels = await page.$$eval('h1, h2, h3', (all) => all.map((one) => Number(one.tagName[1])));
    assert.equal(levels[0], 1, name);
    levels.forEach((level, i) => assert.ok(i === 0 || level <= levels[i - 1] + 1, `${name}: ${levels}`));
    for (const link of await page.$$eval('a[href]', (all) => all.map((one) => one.href.split('#')[0]))) {
      links.add(link);
    }
  });
  for (const link of links) {
    assert.equal((await fetch(link)).status, 200, link);
  }
});

test('a keyboard reaches everything, sees where it is, and skips the links to other pages', async () => {
  await eachPage(looks[0], async (page, name) => {
    const wanted = await page.evaluate(() => {
      window.focused = [];
      document.addEventListener('focusin', ({ target }) => {
        const style = getComputedStyle(target);
        const box = target.getBoundingClientRect();
        const isSeen = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2 && box.right > 0;
        window.focused.push({ target, isSeen });
      });
      return document.querySelectorAll(
        'a[href], button, input:not([type=hidden]), textarea, [tabindex="0"]').length;
    });
    for (let i = 0; i < wanted; ++i) await page.keyboard.press('Tab');
    const { reached, unseen } = await page.evaluate(() => ({
      reached: new Set(window.focused.map(({ target }) => target)).size,
      unseen: window.focused.filter(({ isSeen }) => !isSeen).map(({ target }) => target.outerHTML.slice(0, 80)),
    }));
    assert.deepEqual(unseen, [], name);
    assert.equal(reached, wanted, name);
  });
  const { page, close } = await open('/');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
  await close();
});

test('text of strangers is text, and no page runs a script', async () => {
  const { page, close } = await open(pages['target-path']);
  assert.match(await page.textContent('main'), /core4\.lab-cloud\.example/);
  assert.doesNotMatch(await page.textContent('main'), /script/, 'the name of a router that is none');
  assert.equal(await page.$$eval('script', (all) => all.length), 0);
  await page.evaluate(() => new Promise((resolve) => {
    const script = document.createElement('script');
    script.textContent = 'window.isOurs = true';
    document.body.append(script);
    const picture = document.createElement('p');
    picture.innerHTML = '<img src="x" onerror="window.isOurs = true">';
    picture.firstChild.addEventListener('error', resolve);
    document.body.append(picture);
  }));
  assert.equal(await page.evaluate(() => window.isOurs), undefined);
  await close();
  const service = await open(pages['target-service']);
  assert.match(await service.page.textContent('main'), /CN=\\<img src=x onerror=alert\(0\)/, 'the subject of a certificate');
  assert.equal(await service.page.$$eval('main img', (all) => all.length), 0);
  await service.close();
});

test('a follow-up is written with the form and shown as it was written', async () => {
  const text = '<img src=x onerror=alert(1)>\nticket 7';
  const { page, complaints, close } = await open(pages.incident);
  await page.getByLabel('Your name').fill('ann <b>');
  await page.getByLabel('What happened').fill(text);
  await page.getByRole('button', { name: 'Keep it' }).click();
  await page.waitForURL(/#follow-ups$/);
  assert.match(await page.innerText('main'), /ann <b> 20.*Z\n<img src=x onerror=alert\(1\)>\nticket 7/);
  assert.deepEqual(complaints, []);
  await close();
});

test('forms ask for what they say', async () => {
  const { page, close } = await open('/');
  await page.getByLabel('Targets with').fill('web');
  await page.keyboard.press('Enter');
  await page.waitForURL(/q=web/);
  assert.match(await page.innerText('tbody'), /here-to-web/);
  assert.doesNotMatch(await page.innerText('tbody'), /here-to-shop/);
  await page.getByRole('link', { name: 'Compare' }).click();
  await page.getByLabel('Target').fill('here-to-shop');
  await page.getByLabel('Moment A').fill('-1m');
  await page.getByLabel('Moment B').fill('yesterday');
  await page.getByRole('button', { name: 'Compare' }).click();
  await page.waitForURL(/at2=yesterday/);
  assert.match(await page.innerText('main'), /The moment "yesterday" cannot be read/);
  await close();
});
