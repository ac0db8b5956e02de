// A YAML language server, driven as an editor drives it: over standard input and output.
import {spawn} from 'node:child_process';
import {fileURLToPath, pathToFileURL} from 'node:url';
import rpc from 'vscode-languageserver-protocol/node.js';

const program = fileURLToPath(new URL('node_modules/yaml-language-server/bin/yaml-language-server', import.meta.url));

// start returns a server whose workspace is dir. settings are those of the section yaml.
export async function start(dir, settings) {
  const child = spawn(process.execPath, [program, '--stdio'], {stdio: ['pipe', 'pipe', 'inherit']});
  const connection = rpc.createProtocolConnection(new rpc.StreamMessageReader(child.stdout), new rpc.StreamMessageWriter(child.stdin));
  const waiting = new Map(); // by URI: takes the diagnostics that the server publishes
  connection.onNotification(rpc.PublishDiagnosticsNotification.type, ({uri, diagnostics}) => waiting.get(uri)?.(diagnostics));
  connection.onRequest(rpc.ConfigurationRequest.type, ({items}) => items.map(({section}) => (section === 'yaml' ? settings : {})));
  connection.onRequest(rpc.RegistrationRequest.type, () => {});
  connection.listen();
  await connection.sendRequest(rpc.InitializeRequest.type, {
    processId: process.pid,
    rootUri: pathToFileURL(dir).href,
    workspaceFolders: [{uri: pathToFileURL(dir).href, name: 'test'}],
    capabilities: {
      workspace: {configuration: true, workspaceFolders: true, didChangeConfiguration: {dynamicRegistration: true}},
      textDocument: {
        hover: {contentFormat: ['markdown']},
        completion: {completionItem: {snippetSupport: true, documentationFormat: ['markdown']}},
        publishDiagnostics: {},
      },
    },
  });
  await connection.sendNotification(rpc.InitializedNotification.type, {});
  await connection.sendNotification(rpc.DidChangeConfigurationNotification.type, {settings: {yaml: settings}});

  return {
    // open opens a document. diagnostics are those that the server publishes for it: it waits
    // a while for further changes before it does.
    async open(name, text) {
      const uri = pathToFileURL(`${dir}/${name}`).href;
      const published = new Promise(resolve => waiting.set(uri, resolve));
      await connection.sendNotification(rpc.DidOpenTextDocumentNotification.type, {textDocument: {uri, languageId: 'yaml', version: 1, text}});
      return {uri, diagnostics: published};
    },
    hover: (uri, position) => connection.sendRequest(rpc.HoverRequest.type, {textDocument: {uri}, position}),
    complete: async (uri, position) => {
      const answer = await connection.sendRequest(rpc.CompletionRequest.type, {textDocument: {uri}, position});
      return Array.isArray(answer) ? answer : answer.items;
    },
    async stop() {
      await connection.sendRequest(rpc.ShutdownRequest.type);
      await connection.sendNotification(rpc.ExitNotification.type);
      connection.dispose();
    },
  };
}
