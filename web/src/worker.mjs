// @ts-check

// Entry of extism.worker.mjs, a worker that serves one plug-in to the page that has
// started it: the other side of link.mjs and remote.mjs.

import gate from '../../internal/kernel/gate.wasm';
import kernel from '../../internal/kernel/kernel.wasm';
import wasi from '../../internal/kernel/wasi.wasm';
import { configure, createHere } from './api.mjs';
import { LEVELS } from './log.mjs';
import { compileOnce, compileURL, forgetCompiled, platformFetch, readFile } from './load.mjs';
import { openPort } from './spawn.mjs';
import { absolute } from './remote_fetch.mjs';
import { Asking } from './worker_asking.mjs';
import { pageFetch, pageFetchNow } from './worker_fetch.mjs';
import { HostFunctionsOfPage } from './worker_functions.mjs';
import { packError, VERSION } from './worker_protocol.mjs';

/** @typedef {import('./worker_protocol.mjs').Create} Create */
/** @typedef {import('./worker_protocol.mjs').ToWorker} ToWorker */

const post = openPort((message) => receive(message));
const asking = new Asking(post);
const functions = new HostFunctionsOfPage(asking);

/** @type {import('./plugin.mjs').Plugin} */
let plugin;

/** @param {ToWorker} message */
function receive(message) {
  switch (message.type) {
    case 'create':
      return settle(message.number, () => create(message));
    case 'call':
      return settle(message.number, () => call(message));
    case 'reset':
      return settle(message.number, () => plugin.reset());
    case 'level':
      if (plugin) plugin.logLevel = message.level;
      return;
    case 'answer':
      return asking.answered(message.number, message.answer);
  }
}

/**
 * @param {number} number of the request
 * @param {() => unknown} perform
 */
async function settle(number, perform) {
  try {
    const value = await perform();
    post({ type: 'done', number, value }, value instanceof ArrayBuffer ? [value] : []);
  } catch (error) {
    post({ type: 'done', number, error: packError(error) });
  }
}

/** @param {Create} message */
async function create({ core, base, request, options, vars, shared }) {
  asking.share(shared);
  configure({
    core: () => compileURL(new URL(core)),
    forget: forgetCompiled,
    gate: compileOnce(gate),
    kernel: compileOnce(kernel),
    wasi: compileOnce(wasi),
    readFile,
  });
  /** @type {typeof globalThis.fetch} */
  const fetch = options.ownFetch ? pageFetch(asking) : (url, init) => platformFetch(absolute(String(url), base), init);
  const local = {
    functions: functions.proxies(options.functions),
    logger: Object.fromEntries(LEVELS.map((level) => [level, logTo(level)])),
    logLevel: options.logLevel,
    wasiOutput: options.wasiOutput,
    fetch,
    ...(asking.canWait && { fetchNow: pageFetchNow(asking) }),
    vars: { load: () => vars, save: (/** @type {Map<string, Uint8Array | null>} */ changes) => post({ type: 'vars', changes }), immediate: true },
    reveal: functions.attach,
    maxQueue: Infinity,
    linked: (/** @type {number} */ timeoutMs) => post({ type: 'linked', timeoutMs }),
  };
  plugin = await createHere({ ...request, sources: request.sources.map(revived), fetch }, local);
  const { fetch: _, ...again } = functions.plugin.compiledRequest();
  return { request: again, exports: await plugin.getExports(), imports: await plugin.getImports() };
}

/**
 * A logger's method. Its second parameter is what it gets the record for.
 * @param {typeof LEVELS[number]} level
 */
function logTo(level) {
  return (/** @type {string} */ text, /** @type {any} */ record) => post({ type: 'log', level, text, function: record.function, source: record.source });
}

/** @param {any} source as the page sends it */
function revived(source) {
  return source.facts === undefined ? source : { response: new Response(source.body, { headers: { 'content-type': 'application/wasm' } }), facts: source.facts };
}

/** @param {import('./worker_protocol.mjs').Call} call */
async function call({ name, input }) {
  functions.begin();
  const output = await plugin.call(name, input);
  return output === null ? null : output.arrayBuffer();
}

post({ type: 'ready', version: VERSION });
