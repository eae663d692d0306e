// @ts-check

import { ExtismError, textOf } from './error.mjs';

/**
 * A worker of any platform.
 * @typedef {object} Spawned
 * @property {(message: object, transfer?: Transferable[]) => void} post
 * @property {() => unknown} terminate
 * @property {(keep: boolean) => void} keepAlive whether the process shall not end before the worker, where that is a question
 */

/**
 * What becomes of it.
 * @typedef {object} Listener
 * @property {(message: any) => void} message
 * @property {(cause: unknown) => void} failed it has ended, or cannot be relied on
 */

// Edge platforms may have the module, with a Worker in it that is none.
const onEdge = /^Cloudflare/.test(globalThis.navigator?.userAgent ?? '');

/** Threads of Node, which has no workers of the web. */
const threads = typeof globalThis.Worker === 'function' || onEdge ? undefined : globalThis.process?.getBuiltinModule?.('node:worker_threads');

/** Whether there are workers on this platform. */
export const hasWorkers = !onEdge && (typeof globalThis.Worker === 'function' || typeof threads?.Worker === 'function');

/**
 * Starts a worker.
 * @param {string | URL} url of a module
 * @param {object} nodeArgs options of Node's Worker
 * @param {Listener} listener
 * @returns {Spawned}
 */
export function spawn(url, nodeArgs, listener) {
  try {
    return threads ? spawnThread(threads, url, nodeArgs, listener) : spawnWorker(url, listener);
  } catch (error) {
    throw new ExtismError('WORKER_FAILED', `the worker ${url} could not be started: ${textOf(error)}`, { cause: error });
  }
}

/**
 * @param {string | URL} url
 * @param {Listener} listener
 * @returns {Spawned}
 */
function spawnWorker(url, { message, failed }) {
  const worker = /** @type {any} */ (newWorker(new URL(url, globalThis.document?.baseURI ?? globalThis.location?.href)));
  worker.onmessage = (/** @type {MessageEvent} */ { data }) => message(data);
  worker.onmessageerror = () => failed(new Error('a message could not be read'));
  worker.onerror = (/** @type {ErrorEvent} */ event) => {
    event.preventDefault?.(); // whoever waits for it is told
    failed(event.error ?? new Error(event.message || `${url} could not be loaded, or is not allowed to be a worker here`));
  };
  return {
    post: (data, transfer = []) => worker.postMessage(data, transfer),
    terminate: () => worker.terminate(),
    keepAlive: (keep) => (keep ? worker.ref?.() : worker.unref?.()), // Bun
  };
}

/**
 * A worker may only be made of a URL of the page's own origin. One of another origin is
 * imported by a worker that has no URL of its own.
 * @param {URL} url
 */
function newWorker(url) {
  const { location } = globalThis;
  if (!location || !/^https?:/.test(url.protocol) || url.origin === location.origin) return new Worker(url, { type: 'module', name: 'extism' });
  const blob = URL.createObjectURL(new Blob([`import ${JSON.stringify(url.href)};`], { type: 'text/javascript' }));
  try {
    return new Worker(blob, { type: 'module', name: 'extism' });
  } finally {
    setTimeout(() => URL.revokeObjectURL(blob), 60_000); // it may not have been loaded yet
  }
}

/**
 * A thread takes over the flags of its process, but not that one which says of what
 * kind a program on the command line is: it has none there. Those for the engine are
 * the process's in any case.
 */
const ofThread = () => (globalThis.process.execArgv?.some((flag) => flag.startsWith('--input-type')) ? { execArgv: [] } : {});

/**
 * @param {typeof import('node:worker_threads')} threads
 * @param {string | URL} url
 * @param {object} nodeArgs
 * @param {Listener} listener
 * @returns {Spawned}
 */
function spawnThread(threads, url, nodeArgs, { message, failed }) {
  const worker = new threads.Worker(fileURL(url), { ...ofThread(), ...nodeArgs });
  worker.on('message', message);
  worker.on('messageerror', failed);
  worker.on('error', failed);
  worker.on('exit', (code) => failed(new Error(`it has exited with code ${code}`)));
  return {
    post: (data, transfer = []) => worker.postMessage(data, /** @type {any} */ (transfer)),
    terminate: () => worker.terminate(),
    keepAlive: (keep) => (keep ? worker.ref() : worker.unref()),
  };
}

/** @param {string | URL} url or, where there are files, the path of one */
function fileURL(url) {
  try {
    return new URL(url);
  } catch {
    return url;
  }
}

/**
 * The port of a worker to the page that has started it.
 * @param {(message: any) => void} message
 * @returns {(message: object, transfer?: Transferable[]) => void} posts
 */
export function openPort(message) {
  const scope = /** @type {any} */ (globalThis);
  if (typeof scope.postMessage === 'function') {
    scope.onmessage = (/** @type {MessageEvent} */ { data }) => message(data);
    return (data, transfer = []) => scope.postMessage(data, transfer);
  }
  const port = /** @type {any} */ (scope.process.getBuiltinModule('node:worker_threads').parentPort);
  port.on('message', message);
  return (data, transfer = []) => port.postMessage(data, transfer);
}
