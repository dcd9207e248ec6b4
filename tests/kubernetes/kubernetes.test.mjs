// The chart as helm and kustomize render it, held against the types of Kubernetes and of the
// Prometheus operator, the rule files, and the program that it starts.
//
// PATHWITNESS_BINARY: the exporter. KUBERNETES_TOOLS: a folder with helm and kubectl.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { after, before, test } from 'node:test';
import { parse, parseAllDocuments } from 'yaml';
import { fieldsNeverRead } from './strict.mjs';

const { PATHWITNESS_BINARY, PATHWITNESS_SOURCE, KUBERNETES_TOOLS } = process.env;
const chart = join(PATHWITNESS_SOURCE, 'packaging/kubernetes/pathwitness');
const env = { ...process.env, PATH: `${KUBERNETES_TOOLS}:${process.env.PATH}`, HOME: KUBERNETES_TOOLS };
const models = {
  'v1': 'kubernetes-models/v1',
  'apps/v1': 'kubernetes-models/apps/v1',
  'policy/v1': 'kubernetes-models/policy/v1',
  'networking.k8s.io/v1': 'kubernetes-models/networking.k8s.io/v1',
  'monitoring.coreos.com/v1': '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1',
};

const everything = {
  shards: 3,
  config: { targets: [{ name: 'shop', host: 'shop.example', trace: { protocols: ['icmp'] } }] },
  environment: 'production',
  environments: { production: { probing: { packets_per_second: 500 } } },
  secretName: 'keys',
  extraArgs: ['--log.format=json'],
  responder: { enabled: true },
  serviceMonitor: { enabled: true, labels: { release: 'prometheus' } },
  prometheusRule: { enabled: true, labels: { release: 'prometheus' } },
  networkPolicy: { from: [{ namespaceSelector: { matchLabels: { name: 'monitoring' } } }] },
  persistence: { storageClassName: 'fast' },
  imagePullSecrets: [{ name: 'pull' }],
  podAnnotations: { note: 'x' },
  nodeSelector: { zone: 'a' },
  tolerations: [{ key: 'edge', operator: 'Exists' }],
  affinity: { podAntiAffinity: {} },
  priorityClassName: 'high',
  service: { annotations: { note: 'x' } },
};

let folder;
before(() => { folder = mkdtempSync(join(tmpdir(), 'pathwitness-chart-')); });
after(() => rmSync(folder, { recursive: true }));

function helm(values) {
  const file = join(folder, 'values.json');
  writeFileSync(file, JSON.stringify(values));
  return spawnSync('helm', ['template', 'pathwitness', chart, '--values', file], { env, encoding: 'utf8' });
}

function render(values) {
  const { status, stdout, stderr } = helm(values);
  assert.equal(status, 0, stderr);
  return objectsOf(stdout);
}

const objectsOf = (text) => parseAllDocuments(text).map((document) => document.toJS()).filter(Boolean);
const ofKind = (objects, kind) => objects.filter((object) => object.kind === kind);
const names = (objects) => objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`).sort();

// Fields that Kubernetes does not know; throws what its types refuse.
async function unknownFieldsOf(object) {
  const Model = (await import(models[object.apiVersion]))[object.kind];
  return fieldsNeverRead(new Model(object), (seen) => seen.validate());
}

test('helm finds nothing to complain of', () => {
  execFileSync('helm', ['lint', '--strict', '--quiet', chart], { env, stdio: 'pipe' });
});

for (const [name, values] of Object.entries({ 'the defaults': {}, everything })) {
  test(`with ${name} all objects are what Kubernetes knows`, async () => {
    for (const object of render(values)) {
      assert.deepEqual(await unknownFieldsOf(object), [], `${object.kind} ${object.metadata.name}`);
    }
  });
}

test('a misspelt field and a wrong type are noticed', async () => {
  const [set] = ofKind(render({}), 'StatefulSet');
  set.spec.template.spec.containers[0].securityContext.readOnlyRootFs = true;
  assert.deepEqual(await unknownFieldsOf(set), ['/spec/template/spec/containers/0/securityContext/readOnlyRootFs']);
  set.spec.replicas = 'three';
  await assert.rejects(unknownFieldsOf(set), /replicas/);
});

test('the rules are those of the rule files', () => {
  const rules = join(PATHWITNESS_SOURCE, 'alerts/rules');
  const rendered = ofKind(render(everything), 'PrometheusRule');
  const files = readdirSync(rules).sort();
  assert.deepEqual(rendered.map(({ metadata }) => metadata.name).sort(),
    files.map((file) => `pathwitness-${file.replace('.yaml', '')}`));
  for (const { metadata, spec } of rendered) {
    const file = metadata.name.replace('pathwitness-', '') + '.yaml';
    assert.deepEqual(spec, parse(readFileSync(join(rules, file), 'utf8')), file);
  }
});

test('the exporter takes the configuration and the flags that it is given', () => {
  const objects = render({ ...everything, responder: { enabled: false } });
  const [{ data }] = ofKind(objects, 'ConfigMap');
  const [{ spec }] = ofKind(objects, 'StatefulSet');
  const { containers: [{ args, env: variables }], volumes } = spec.template.spec;
  for (const { key, path } of volumes.find(({ name }) => name === 'config').configMap.items) {
    mkdirSync(dirname(join(folder, 'config', path)), { recursive: true });
    writeFileSync(join(folder, 'config', path), data[key]);
  }
  const given = args.map((argument) =>
    argument.replace('/etc/pathwitness', folder).replace('$(SHARD)', '2'));
  const { value } = variables.find(({ name }) => name === 'PATHWITNESS_ENVIRONMENT');
  const check = spawnSync(PATHWITNESS_BINARY, [...given, '--config.check'],
    { env: { PATHWITNESS_ENVIRONMENT: value }, encoding: 'utf8' });
  assert.equal(check.status, 0, check.stdout + check.stderr);

  writeFileSync(join(folder, 'config/environments/production.yaml'), 'probing: {packets: 1}');
  const refused = spawnSync(PATHWITNESS_BINARY, [...given, '--config.check'],
    { env: { PATHWITNESS_ENVIRONMENT: value }, encoding: 'utf8' });
  assert.match(refused.stdout + refused.stderr, /environments\/production.yaml:1/);
});

test('raw sockets take a capability and the leave to use it, or neither', () => {
  const context = (values) => ofKind(render(values), 'StatefulSet')[0].spec.template.spec.containers[0].securityContext;
  assert.deepEqual(context({}), { readOnlyRootFilesystem: true, allowPrivilegeEscalation: true,
    capabilities: { drop: ['ALL'], add: ['NET_RAW'] } });
  assert.deepEqual(context({ rawSockets: false }), { readOnlyRootFilesystem: true, allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] } });
});

for (const [fault, values] of Object.entries({
  shards: { shards: 0 },
  replicas: { replicas: 2 },
  secretName: { responder: { enabled: true } },
  config: { config: { state_directory: '/tmp' } },
  'service.port': { service: { port: 70000 } },
  extraArgs: { extraArgs: ['log.level=debug'] },
})) {
  test(`bad values are refused by name: ${fault}`, () => {
    const { status, stderr } = helm(values);
    assert.notEqual(status, 0);
    assert.match(stderr, new RegExp(fault.replace('.', '[./]')));
  });
}

test('kustomize renders the same, and overlays change it', () => {
  const overlay = join(folder, 'overlay');
  mkdirSync(overlay);
  writeFileSync(join(overlay, 'kustomization.yaml'), JSON.stringify({
    resources: [relative(overlay, join(PATHWITNESS_SOURCE, 'packaging/kubernetes'))],
    patches: [{ target: { kind: 'StatefulSet' },
      patch: JSON.stringify([{ op: 'replace', path: '/spec/replicas', value: 2 }]) }],
  }));
  const objects = objectsOf(execFileSync('kubectl', ['kustomize', '--enable-helm', overlay],
    { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }));
  const monitored = { serviceMonitor: { enabled: true }, prometheusRule: { enabled: true } };
  assert.deepEqual(names(objects), names(render(monitored)));
  assert.equal(ofKind(objects, 'StatefulSet')[0].spec.replicas, 2);
});
