// Drives `bindgate lsp` with the client library of the Language Server Protocol. Arguments:
// the program, and a folder with the files of `bindgate demo`. It fails at the first difference.
import assert from 'node:assert/strict';
import {spawn, spawnSync} from 'node:child_process';
import {X509Certificate, createHash} from 'node:crypto';
import {once} from 'node:events';
import {readFileSync, readdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {pathToFileURL} from 'node:url';
import lsp from 'vscode-languageserver-protocol/node';

const [program, dir] = process.argv.slice(2);
const uriOf = name => pathToFileURL(join(dir, name)).href;
const manifest = readFileSync(join(dir, 'bindings.yaml'), 'utf8');
const keys = readdirSync(join(dir, 'certs')).filter(name => name.endsWith('.key'))
  .flatMap(name => readFileSync(join(dir, 'certs', name), 'utf8').split('\n').filter(line => line.length > 40 && !line.startsWith('-')));
assert.ok(keys.length > 2);

// start starts a server and a client, which keeps all that the server says.
const start = async (...flags) => {
  const server = spawn(program, ['lsp', '--stdio', ...flags], {cwd: '/', stdio: ['pipe', 'pipe', 'pipe']});
  let said = '', log = '';
  server.stdout.on('data', data => { said += data; });
  server.stderr.on('data', data => { log += data; });
  const connection = lsp.createProtocolConnection(new lsp.StreamMessageReader(server.stdout), new lsp.StreamMessageWriter(server.stdin));
  const shown = new Map(), waiting = [];
  connection.onNotification(lsp.PublishDiagnosticsNotification.type, ({uri, version, diagnostics}) => {
    shown.set(`${uri} ${version}`, diagnostics);
    for (const look of waiting.splice(0)) look();
  });
  let registered = '', onRegistered;
  connection.onRequest(lsp.RegistrationRequest.type, ({registrations}) => { registered = registrations[0].method; onRegistered(); });
  connection.onError(([error]) => assert.fail(error));
  connection.listen();
  const capabilities = {
    workspace: {workspaceEdit: {documentChanges: true}, didChangeWatchedFiles: {dynamicRegistration: true}},
    textDocument: {
      hover: {contentFormat: ['markdown']}, publishDiagnostics: {relatedInformation: true, codeDescriptionSupport: true, versionSupport: true},
      codeAction: {codeActionLiteralSupport: {codeActionKind: {valueSet: ['quickfix']}}},
    },
  };
  const result = await connection.sendRequest(lsp.InitializeRequest.type, {processId: process.pid, rootUri: pathToFileURL(dir).href, capabilities, workspaceFolders: null});
  assert.deepEqual([result.serverInfo.name, result.capabilities.positionEncoding, result.capabilities.textDocumentSync.change], ['bindgate', 'utf-16', lsp.TextDocumentSyncKind.Incremental]);
  const asked = new Promise(resolve => { onRegistered = resolve; });
  await connection.sendNotification(lsp.InitializedNotification.type, {});
  await asked;
  await connection.sendRequest(lsp.HoverRequest.type, {textDocument: {uri: 'file:///none'}, position: {line: 0, character: 0}}); // behind the answer
  const versions = new Map();
  const diagnostics = async uri => {
    const key = `${uri} ${versions.get(uri)}`;
    while (!shown.has(key)) await new Promise(look => waiting.push(look));
    return shown.get(key);
  };
  return {
    server, connection, diagnostics, said: () => said, log: () => log, registered: () => registered,
    open: async (name, text) => {
      const uri = uriOf(name);
      versions.set(uri, 1);
      await connection.sendNotification(lsp.DidOpenTextDocumentNotification.type, {textDocument: {uri, languageId: 'yaml', version: 1, text}});
      return diagnostics(uri);
    },
    change: async (name, contentChanges) => {
      const uri = uriOf(name), version = versions.get(uri) + 1;
      versions.set(uri, version);
      await connection.sendNotification(lsp.DidChangeTextDocumentNotification.type, {textDocument: {uri, version}, contentChanges});
      return diagnostics(uri);
    },
    hover: async (name, position) => (await connection.sendRequest(lsp.HoverRequest.type, {textDocument: {uri: uriOf(name)}, position}))?.contents.value ?? '',
    fixes: (name, range, list) => connection.sendRequest(lsp.CodeActionRequest.type, {textDocument: {uri: uriOf(name)}, range, context: {diagnostics: list, only: ['quickfix']}}),
    end: async () => {
      await connection.sendRequest(lsp.ShutdownRequest.type);
      await connection.sendNotification(lsp.ExitNotification.type);
      const [code] = await once(server, 'exit');
      assert.deepEqual([code, log], [0, '']);
    },
  };
};
const at = (text, part, inside = 1) => {
  const before = text.slice(0, text.indexOf(part) + inside).split('\n');
  return {line: before.length - 1, character: before.at(-1).length};
};
const everything = {start: {line: 0, character: 0}, end: {line: 100000, character: 0}};
const tree = () => readdirSync(dir, {recursive: true, withFileTypes: true}).filter(entry => entry.isFile())
  .map(entry => join(entry.parentPath ?? entry.path, entry.name)).sort().map(path => `${path} ${createHash('sha256').update(readFileSync(path)).digest('hex')}`);
writeFileSync(join(dir, 'owner.yaml'), 'apiVersion: bindgate/v1\nlabels: {owner: {required: true}}\n');
const files = tree();

// What lint finds offline is what is shown, at the same places.
const lint = spawnSync(program, ['lint', '--offline', '-f', 'json', 'bindings.yaml'], {cwd: dir, encoding: 'utf8'});
const findings = JSON.parse(lint.stdout).bindings.flatMap(b => b.checks.flatMap(c => (c.findings ?? []).map(f => `${c.ids[0]} ${f.severity} ${f.source.line}:${f.source.column}`)));
assert.ok(findings.length > 3);
const first = await start();
const shown = await first.open('bindings.yaml', manifest);
const place = d => `${d.code} ${['', 'error', 'warning'][d.severity]} ${d.range.start.line + 1}:${d.range.start.character + 1}`;
const unique = list => [...new Set(list)].sort();
assert.deepEqual(unique(shown.filter(d => !d.message.includes('cannot tell')).map(place)), unique(findings));
for (const d of shown) assert.match(d.codeDescription.href, /^https:\/\/github\.com\/bindgate\/bindgate\/blob\/main\/docs\/checks\/[a-z]+\.md#[a-z-]+$/);
console.log(`${shown.length} diagnostics, the findings of lint`);

// The certificate's facts are those that another implementation reads.
const facts = await first.hover('bindings.yaml', at(manifest, 'certs/api.demo.com.pem'));
const leaf = new X509Certificate(readFileSync(join(dir, 'certs/api.demo.com.pem')));
for (const fact of [leaf.fingerprint256, leaf.serialNumber.match(/../g).join(':'), 'api.demo.com', ' left', `${new Date(leaf.validTo).toISOString().slice(0, 10)}`]) assert.ok(facts.includes(fact), `${fact} in ${facts}`);
assert.match(await first.hover('bindings.yaml', at(manifest, 'groupId')), /API group/);

// Typing: a comment with characters of two code units before a stage that is misspelt.
const stage = at(manifest, 'bindStageName: RELEASE', 'bindStageName: '.length);
const typed = await first.change('bindings.yaml', [
  {range: {start: stage, end: {...stage, character: stage.character + 'RELEASE'.length}}, text: 'RELAESE  # 😀'},
  {range: {start: {line: 0, character: 0}, end: {line: 0, character: 1}}, text: '#😀\r\n#'},
]);
const slip = typed.find(d => d.code === 'request/stage-is-valid');
assert.deepEqual(slip.range, {start: {line: stage.line + 1, character: stage.character}, end: {line: stage.line + 1, character: stage.character + 7}});
assert.match(await first.hover('bindings.yaml', slip.range.start), /The stage exists in the group/);
const [fix] = await first.fixes('bindings.yaml', slip.range, [slip]);
assert.deepEqual([fix.title, fix.kind, fix.edit.documentChanges[0].textDocument.version], ['Write RELEASE', 'quickfix', 2]);
const [edit] = fix.edit.documentChanges[0].edits;
const fixed = await first.change('bindings.yaml', [{range: edit.range, text: edit.newText}]);
assert.ok(!fixed.some(d => d.code === 'request/stage-is-valid' && d.range.start.line === slip.range.start.line));
assert.equal(first.registered(), 'workspace/didChangeWatchedFiles');
await first.end();
for (const line of keys) assert.ok(!first.said().includes(line.slice(10, 30)), 'a part of a key was sent');
console.log('hover, typing and a quick fix');

// The owner's labels; a file that is too much; none of bindgate's.
const second = await start('--config', join(dir, 'owner.yaml'));
const labels = 'apiVersion: bindgate/v1\nbindings:\n  - domainName: a.demo.com.\n    regionId: cn-hangzhou\n    groupId: 927d50c0f2e54b359919923d908bb015\n    bindStageName: PRE\n';
const missing = await second.open('new.yaml', labels);
assert.deepEqual(missing.map(d => d.code).sort(), ['request/domain-is-well-formed', 'request/labels-are-declared']);
assert.deepEqual((await second.fixes('new.yaml', everything, missing)).map(a => a.title).sort(), ['Add labels.owner', 'Write a.demo.com']);
const many = 'apiVersion: bindgate/v1\ndefaults: {regionId: cn-hangzhou}\nbindings:\n' + Array.from({length: 10000}, (_, i) => `  - {domainName: a${i}.demo.com, groupId: 927d50c0f2e54b359919923d908bb015, bindStageName: RELAESE}\n`).join('');
assert.equal((await second.open('many.yaml', many)).length, 1001);
for (let i = 0; i < 20; i++) second.connection.sendNotification(lsp.DidChangeTextDocumentNotification.type, {textDocument: {uri: uriOf('many.yaml'), version: 100 + i}, contentChanges: [{range: {start: {line: 3, character: 0}, end: {line: 3, character: 0}}, text: '#\n'}]});
assert.ok((await second.open('deep.yaml', 'apiVersion: bindgate/v1\nbindings: ' + '['.repeat(4 << 20))).length > 0);
const most = Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${second.server.pid}/status`, 'utf8'))[1]);
console.log(`10,000 bindings and 4 MiB of brackets: at most ${most >> 10} MiB of memory`);
assert.ok(most < 600 << 10);
await second.connection.sendNotification(lsp.DidOpenTextDocumentNotification.type, {textDocument: {uri: uriOf('.github.yaml'), languageId: 'yaml', version: 1, text: 'uses: bindgate/bindgate@v1\n'}});
assert.equal(await second.hover('.github.yaml', {line: 0, character: 2}), '');
assert.ok(!second.said().includes('.github.yaml'));
await second.end();
assert.deepEqual(tree(), files);
console.log('labels, limits, foreign files; nothing was written');

// The end without shutdown is an error.
const third = await start();
await third.connection.sendNotification(lsp.ExitNotification.type);
assert.equal((await once(third.server, 'exit'))[0], 1);
const fourth = await start();
fourth.server.stdin.end();
assert.equal((await once(fourth.server, 'exit'))[0], 1);
console.log('the client of the Language Server Protocol: every answer as expected');
process.exit(0);
