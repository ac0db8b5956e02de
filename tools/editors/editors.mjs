// What an editor shows of manifests and configurations, by the YAML language server.
// Arguments: a folder in which bindgate wrote its schemas (.bindgate/*.schema.json), and one
// of manifests of which bindgate reports nothing. It prints every difference, and then fails.
import assert from 'node:assert/strict';
import {readdirSync, readFileSync} from 'node:fs';
import {pathToFileURL} from 'node:url';
import {isMap, isScalar, isSeq, LineCounter, parseDocument} from 'yaml';
import {start} from './server.mjs';

const [workspace, accepted] = process.argv.slice(2);
const schemas = {};
for (const name of ['manifest', 'cutover-map', 'config', 'owner']) {
  schemas[name] = JSON.parse(readFileSync(`${workspace}/.bindgate/${name}.schema.json`, 'utf8'));
}
const file = name => pathToFileURL(`${workspace}/.bindgate/${name}.schema.json`).href;
const repository = new URL('../../', import.meta.url);
const page = readFileSync(new URL('docs/editors.md', repository), 'utf8');
const settings = JSON.parse(page.match(/```json\n(.*?)```/s)[1]);
const server = await start(workspace, {
  validate: true, hover: true, completion: true, schemaStore: {enable: false},
  schemas: {...settings['yaml.schemas'], [file('cutover-map')]: '*.map.yaml'},
});

let compared = 0, failed = 0, opened = 0;
function same(what, got, want) {
  compared++;
  try {
    assert.deepEqual(got, want);
  } catch ({message}) {
    failed++;
    console.error(`${what}:\n${message}\n`);
  }
}
const open = (text, kind) => server.open(`${++opened}.${kind}.yaml`, text);

// kinds are the documents: how their first line names the schema as `bindgate init` writes
// it, and the schema that it names.
const kinds = {
  manifest: {line: '$schema=.bindgate/manifest.schema.json', root: schemas.manifest, defs: schemas.manifest.$defs},
  map: {line: '$schema=.bindgate/cutover-map.schema.json', root: schemas['cutover-map'], defs: schemas['cutover-map'].$defs},
  tree: {line: '$schema=.bindgate/config.schema.json', root: schemas.config, defs: schemas.config.$defs},
  owner: {line: '$schema=.bindgate/owner.schema.json', root: schemas.owner, defs: schemas.owner.$defs},
};
const modeline = kind => `# yaml-language-server: ${kinds[kind].line}\n`;

// fields returns the fields below a place of a schema, each with its path and description.
// A field explains itself, or is a definition that does.
function fields(kind, node, path = '') {
  const {defs} = kinds[kind];
  const resolve = n => (n.$ref ? {...defs[n.$ref.replace('#/$defs/', '')], ...n} : n);
  node = resolve(node);
  const found = [];
  const add = (at, property) => found.push([at, resolve(property).description], ...fields(kind, property, at));
  for (const [key, property] of Object.entries(node.properties ?? {})) {
    if (property) add(path ? `${path}.${key}` : key, property);
  }
  if (node.additionalProperties) add(`${path}.*`, node.additionalProperties);
  if (node.items) add(`${path}[]`, node.items);
  for (const option of path ? node.anyOf ?? [] : []) found.push(...fields(kind, option, path).filter(([at]) => at !== path));
  return found;
}

// places returns the field and the position of each key of a document, and of each value of a list.
function places(text, texts) {
  const lines = new LineCounter(), found = [];
  const position = range => { // one character in: the first also ends the value before it
    const {line, col} = lines.linePos(range[0]);
    return {line: line - 1, character: col};
  };
  const walk = (node, path) => {
    if (isMap(node)) {
      for (const {key, value} of node.items) {
        let at = path ? `${path}.${key.value}` : key.value;
        if (!texts.has(at) && texts.has(`${path}.*`)) at = `${path}.*`;
        found.push([at, position(key.range)]);
        walk(value, at);
      }
    } else if (isSeq(node)) {
      for (const item of node.items) {
        if (isScalar(item)) found.push([`${path}[]`, position(item.range)]);
        walk(item, `${path}[]`);
      }
    }
  };
  walk(parseDocument(text, {lineCounter: lines}).contents, '');
  return found;
}

// Hover: each field of each schema has its own text, in documents without a mistake.
const unescaped = text => text.replace(/\\([\\`*_{}[\]#+!])/g, '$1');
const documents = new URL('documents/', import.meta.url);
for (const [kind, {root}] of Object.entries(kinds)) {
  const texts = new Map(fields(kind, root)), shown = new Set();
  for (const name of readdirSync(documents).filter(name => name.endsWith(`.${kind}.yaml`))) {
    const text = modeline(kind) + readFileSync(new URL(name, documents), 'utf8');
    const {uri, diagnostics} = await open(text, kind);
    same(name, (await diagnostics).map(d => [d.range.start.line, d.message]), []);
    for (const [at, position] of places(text, texts)) {
      const paragraphs = (await server.hover(uri, position))?.contents.value.split('\n\n') ?? [];
      same(`${name}: hover of ${at}`, unescaped(paragraphs[1] ?? 'nothing').trim(), texts.get(at) ?? 'no field');
      shown.add(at);
    }
  }
  const whole = at => /(\[\]|\*)$/.test(at) && [...texts.keys()].some(other => other.startsWith(`${at}.`)); // has no key to hover
  same(`${kind}: fields in no document`, [...texts.keys()].filter(at => !shown.has(at) && !(at.endsWith('[]') && whole(at))), []);
}

// marked splits a text at its mark, ‸.
function marked(text) {
  const before = text.slice(0, text.indexOf('‸')).split('\n');
  return [text.replace('‸', ''), {line: before.length - 1, character: before.at(-1).length}];
}
async function completions(kind, text) {
  const [plain, position] = marked(modeline(kind) + text);
  const {uri} = await open(plain, kind);
  return server.complete(uri, position);
}
const first = 'apiVersion: bindgate/v1\n';
const classic = `${first}defaults: {regionId: cn-hangzhou}\nbindings:\n  - domainName: api.demo.com\n    groupId: 927d50c0f2e54b359919923d908bb015\n`;
const gateway = `${first}defaults: {regionId: cn-hangzhou}\nbindings:\n  - domainName: api.demo.com\n    gatewayId: gw-1\n`;
const {$defs: defs} = schemas.manifest;
const bindingKeys = Object.keys(defs.binding.properties);
const regions = defs.region.defaultSnippets.map(s => s.label);
const checks = schemas.config.$defs.checkId.defaultSnippets.map(s => s.label);
const snippets = ['binding of a gateway', 'binding of an API group'];
for (const [name, kind, text, want] of [
  ['the top level', 'manifest', `${first}‸`, ['bindgate manifest', 'bindings', 'defaults']], // the first: what is required
  ['the defaults', 'manifest', `${first}defaults:\n  ‸\nbindings: []\n`, Object.keys(schemas.manifest.properties.defaults.properties)],
  ['a binding', 'manifest', `${classic}    ‸\n`, [...bindingKeys.filter(k => k !== 'domainName' && k !== 'groupId'), ...snippets]],
  ['a binding of a gateway', 'manifest', `${gateway}    ‸\n`, [...bindingKeys.filter(k => k !== 'domainName' && k !== 'gatewayId'), ...snippets]],
  ['a certificate', 'manifest', `${classic}    certificate:\n      name: a_demo\n      ‸\n`, ['body', 'casId', 'certificate', 'certificate with its key', 'mayExpireEarlier', 'privateKey']],
  ['the keys of a private key', 'manifest', `${classic}    certificate:\n      privateKey:\n        ‸\n`, ['env', 'file', 'passphraseEnv']],
  ['a region', 'manifest', `${first}bindings:\n  - regionId: ‸\n`, regions],
  ['a stage', 'manifest', `${classic}    bindStageName: ‸\n`, ['', 'PRE', 'RELEASE', 'TEST']],
  ['a network type', 'manifest', `${classic}    customDomainType: ‸\n`, ['INTERNET', 'INTRANET']],
  ['a proof', 'manifest', `${classic}    domainProof: ‸\n`, ['cname', 'txt']],
  ['a protocol', 'manifest', `${gateway}    protocol: ‸\n`, ['HTTP', 'HTTPS']],
  ['a TLS version', 'manifest', `${gateway}    tlsMin: ‸\n`, ['TLS 1.0', 'TLS 1.1', 'TLS 1.2', 'TLS 1.3']],
  ['HTTP/2', 'manifest', `${gateway}    http2Option: ‸\n`, ['Close', 'GlobalConfig', 'Open']],
  ['a move', 'map', `${first}domains:\n  - domainName: api.demo.com\n    ‸\n`, ['accept', 'certificate', 'domain', 'from', 'labels', 'to']],
  ['a loss', 'map', `${first}domains:\n  - accept:\n      - ‸\n`, schemas['cutover-map'].$defs.domain.properties.accept.items.enum],
  ['the tree', 'tree', `${first}‸`, ['formats', 'raise']],
  ['a check to raise', 'tree', `${first}raise:\n  - ‸\n`, checks],
  ['the owner', 'owner', `${first}‸`, Object.keys(schemas.owner.properties).filter(k => k !== 'apiVersion')],
  ['a check of a severity', 'owner', `${first}severities:\n  ‸\n`, checks],
  ['a severity', 'owner', `${first}severities:\n  certificate/lints-clean: ‸\n`, ['error', 'warning']],
  ['a contract', 'owner', `${first}contract: ‸\n`, ['"2017"', '"2026"']],
]) {
  const labels = (await completions(kind, text)).map(item => item.label.replace(/^""$/, ''));
  same(`completion of ${name}`, [...labels].sort(), [...want].sort());
}
const [snippet] = (await completions('manifest', `${first}bindings:\n  - ‸\n`)).filter(item => item.label === snippets[1]);
same('a whole binding', snippet?.insertText?.replace(/\$\{\d+[:|]([^,|}]*)[^}]*\}/g, '$1'),
  'domainName: api.demo.com\n  groupId: 927d50c0f2e54b359919923d908bb015\n  bindStageName: RELEASE\n  labels:\n    owner: payments');
const [stage] = (await completions('manifest', `${classic}    bindStageName: ‸\n`)).filter(item => item.label === 'RELEASE');
same('the text of a value', stage?.documentation, defs.bindStageName.anyOf[0].enumDescriptions[2]);

// Diagnostics: [line:column-line:column, words]. Lines count from 1 as the program counts them; the modeline is line 0.
const GROUP = '927d50c0f2e54b359919923d908bb015';
await Promise.all([
  ['a number for a stage', 'manifest', `${classic}    bindStageName: 5\n`, [['6:20-6:21', 'Incorrect type. Expected "string".'], ['6:20-6:21', 'want TEST, PRE, RELEASE, "" for all environments, or the exact name of a stage of the group']]],
  ['a stage nearly right', 'manifest', `${classic}    bindStageName: RELAESE\n`, [['6:20-6:27', 'want TEST, PRE, RELEASE, "" for all environments, or the exact name of a stage of the group']]],
  ['a stage of the group', 'manifest', `${classic}    bindStageName: canary\n`, []],
  ['an unknown field', 'manifest', `${classic}    bindStageNmae: TEST\n`, [['6:5-6:18', 'Property bindStageNmae is not allowed.']]],
  ['an unknown field at the top', 'manifest', `${classic}metadata: {}\n`, [['6:1-6:9', 'Property metadata is not allowed.']]],
  ['no domain name', 'manifest', `${first}bindings:\n  - {groupId: ${GROUP}, regionId: cn-hangzhou}\n`, [['3:5-3:6', 'Missing property "domainName".']]],
  ['no region', 'manifest', `${first}bindings:\n  - {domainName: api.demo.com, groupId: ${GROUP}}\n`, [['3:5-3:6', 'Missing property "regionId".']]],
  ['no target', 'manifest', `${first}bindings:\n  - {domainName: api.demo.com, regionId: cn-hangzhou}\n`, [['3:5-3:6', 'want groupId for the classic gateway, or gatewayId for the cloud-native one; add one of them']]],
  ['a region', 'manifest', `${classic}    regionId: cn_hangzhou\n`, [['6:15-6:26', 'want lower-case letters, digits and hyphens, such as cn-hangzhou']]],
  ['a group id', 'manifest', classic.replace(GROUP, GROUP.slice(1)), [['5:14-5:45', 'want 32 lower-case hexadecimal digits; copy GroupId from DescribeApiGroups or from the console']]],
  ['a group id without quotes', 'manifest', classic.replace(GROUP, '12345678901234567890123456789012'), [['5:14-5:46', 'Incorrect type. Expected "string".']]],
  ['a URL for a domain', 'manifest', classic.replace('api.demo.com', 'https://api.demo.com'), [['4:17-4:37', defs.binding.properties.domainName.patternErrorMessage]]],
  ['a certificate without its key', 'manifest', `${classic}    certificate:\n      name: api_demo\n      body: certs/api.pem\n`, [['6:5-6:16', 'a certificate needs its private key; add privateKey']]],
  ['a key in the manifest', 'manifest', `${classic}    certificate:\n      name: api_demo\n      body: certs/api.pem\n      privateKey: "-----BEGIN PRIVATE KEY-----"\n`, [['9:19-9:48', 'got the text of a key or certificate; write it to a file and name the file; if a private key was committed, replace it']]],
  ['a key that is a file and a variable', 'manifest', `${classic}    certificate: {name: api_demo, body: api.pem, privateKey: {file: a.key, env: BINDGATE_A}}\n`, [['6:76-6:79', 'got both file and env, want one of them; remove the other']]],
  ['a short name of a certificate', 'manifest', `${classic}    certificate: {name: api, body: api.pem, privateKey: api.key}\n`, [['6:25-6:28', 'want 4 to 50 characters; braces hold only {notBefore} or {sha256}']]],
  ['the same key twice', 'manifest', `${classic}    groupId: 523e8dc7bbe04613b5b1d726c2a7889d\n`, [['6:5-6:47', 'Map keys must be unique']]],
  ['a force without groups', 'manifest', `${classic}    isForce: true\n`, [['4:5-4:6', 'isForce needs forceFrom; name the groups that may lose the domain']]],
  ['a field of the other gateway', 'manifest', `${classic}    tlsMin: TLS 1.2\n`, [['6:5-6:11', 'a key of the cloud-native gateway, and the binding names no gatewayId; remove it']]],
  ['a stage on a gateway', 'manifest', `${gateway}    bindStageName: RELEASE\n`, [['6:5-6:18', 'a key of the classic gateway, and the binding names a gatewayId; remove it']]],
  ['a TLS version', 'manifest', `${gateway}    tlsMin: TLS1.2\n`, [['6:13-6:19', 'Value is not accepted. Valid values: "TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3".']]],
  ['an invisible character', 'manifest', `${classic}    labels: {owner: "a\\u200bb"}\n`, [['6:21-6:31', 'got a control or invisible character, want one line of plain text']]],
  ['a loss', 'map', readFileSync(new URL('moves.map.yaml', documents), 'utf8').replace('- stage', '- stages'), [['32:9-32:15', `Value is not accepted. Valid values: ${schemas['cutover-map'].$defs.domain.properties.accept.items.enum.map(v => JSON.stringify(v)).join(', ')}.`]]],
  ['a file in the tree', 'tree', `${first}formats: [json=out.json]\n`, [['2:11-2:24', 'want the name of a format, such as text or json; a file is named with -f FORMAT=FILE']]],
  ["an owner's key in the tree", 'tree', `${first}endpoint: https://example.com\n`, [['2:1-2:9', 'Property endpoint is not allowed.']]],
  ['a timeout', 'owner', `${first}timeout: soon\n`, [['2:10-2:14', 'want a time above zero'], ['2:10-2:14', 'want a time such as 30s, 2m, 720h, 30d or 1d12h']]],
  ['a contract without quotes', 'owner', `${first}contract: 2026\n`, [['2:11-2:15', 'Incorrect type. Expected "string".'], ['2:11-2:15', 'Value is not accepted. Valid values: "2017", "2026".']]],
  ["the tree's key at the owner", 'owner', `${first}raise: []\n`, [['2:1-2:6', 'Property raise is not allowed.']]],
  ['GitLab without its issuer', 'owner', `${first}ci:\n  - {provider: gitlab, jwks: gitlab.json}\n`, [['3:5-3:6', 'provider gitlab needs the issuer of its tokens; add it']]],
].map(async ([name, kind, text, want]) => {
  const {diagnostics} = await open(modeline(kind) + text, kind);
  const at = ({line, character}) => `${line}:${character + 1}`;
  const got = (await diagnostics).map(({range, message}) => [`${at(range.start)}-${at(range.end)}`, message]);
  same(`diagnostics of ${name}`, got.sort(), want.sort());
}));

// Nothing is marked of which bindgate reports nothing.
const names = readdirSync(accepted);
await Promise.all(names.map(async name => {
  const {diagnostics} = await server.open(name, readFileSync(`${accepted}/${name}`, 'utf8'));
  same(name, (await diagnostics).map(({range, message}) => [range.start.line + 1, message]), []);
}));
same('accepted manifests', names.length >= 80, true);

// The settings of docs/editors.md reach each file, and the catalogue's entries name the same.
for (const [name, text, want] of [
  ['bindings.yaml', 'bindings: []\n', ['Array has too few items. Expected 1 or more.', 'Missing property "apiVersion".']],
  ['team/pay.bindgate.yaml', 'bindings: []\n', ['Array has too few items. Expected 1 or more.', 'Missing property "apiVersion".']],
  ['.bindgate.yaml', `${first}timeout: 30s\n`, ['Property timeout is not allowed.']],
  ['gate.yaml', `${first}raise: []\n`, ['Property raise is not allowed.']],
  ['other.yaml', 'bindings: []\n', []],
]) {
  const {diagnostics} = await server.open(name, text);
  same(`settings for ${name}`, (await diagnostics).map(d => d.message).sort(), want);
}
const entries = JSON.parse(readFileSync(new URL('docs/editors/schemastore.json', repository), 'utf8'));
same('entries of the catalogue', entries.map(({url}) => url), [schemas.manifest.$id, schemas.config.$id]);

await server.stop();
console.log(`${compared} comparisons with the YAML language server, ${failed} of them failed`);
process.exitCode = failed ? 1 : 0;
