// What the scenarios of HTTP share. An environment has, beside what those of rules/
// have, the origins of the server, and control, which asks the server about itself.

import { assert, equal, refusal, show } from '../rules/lib.mjs';

export * from '../rules/lib.mjs';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The host of an origin, as allowedHosts has it, without its port. */
export const hostOf = (origin) => new URL(origin).hostname;

/** An address on one of the server's origins: a path with names and values of a query. */
export const at = (origin, path, query = {}) => `${origin}${path}${Object.keys(query).length ? `?${new URLSearchParams(query)}` : ''}`;

/** A plug-in of guests/http.wat that may reach the server's home, if nothing else is said. */
export async function plugin(env, options = {}, guest = 'http', api = env.api) {
  return api.createPlugin(await env.guest(guest), { allowedHosts: [hostOf(env.origins.home)], ...options });
}

/** The input that makes the guest request something. */
export function input(request, body) {
  const text = encoder.encode(typeof request === 'string' ? JSON.stringify({ url: request }) : JSON.stringify(request));
  if (body === undefined) return text;
  const bytes = typeof body === 'string' ? encoder.encode(body) : body;
  const all = new Uint8Array(text.length + 1 + bytes.length);
  all.set(text);
  all.set(bytes, text.length + 1);
  return all;
}

/** What the guest gets for a request. */
export async function send(p, request, body) {
  const all = (await p.call('send', input(request, body))).bytes();
  const view = new DataView(all.buffer, all.byteOffset);
  const n = Number(view.getBigUint64(8, true));
  const bytes = all.slice(16 + n);
  return {
    status: Number(view.getBigUint64(0, true)),
    headers: n === 0 ? null : JSON.parse(decoder.decode(all.slice(16, 16 + n))),
    bytes,
    text: decoder.decode(bytes),
  };
}

/** What the server's /echo has got. */
export const echoed = async (p, request, body) => JSON.parse((await send(p, request, body)).text);

/** A request that fails with one of the codes; the plug-in is of use afterwards. */
export async function refused(env, p, what, request, ...codes) {
  const error = await refusal(env, what, p.call('send', request instanceof Uint8Array ? request : input(request)), ...codes);
  equal(error.function, 'http_request', `${what}: the function at fault`);
  await useful(p, what);
  return error;
}

/** The plug-in answers. */
export async function useful(p, after) {
  equal((await p.call('echo', 'still here')).text(), 'still here', `an answer after ${after}`);
}

/** How many requests have come for a path, or for any. */
export const requests = (env, path = '') => env.control('requests', { path });

export async function arrivals(env, path, want, what) {
  equal((await requests(env, path)).length, want, what);
}

/** Bytes as the server sends them. */
export const bytesFrom = (i, n) => Uint8Array.from({ length: n }, (_, j) => (i + j) % 251);

export function sameBytes(got, want, what) {
  assert(got.length === want.length && got.every((b, i) => b === want[i]), () => `${what}: ${got.length} bytes, want ${want.length}: ${show([...got.slice(0, 8)])}`);
}

/** A logger that keeps lines by level. */
export function recorder() {
  const lines = [];
  const logger = { lines };
  for (const level of ['trace', 'debug', 'info', 'warn', 'error']) logger[level] = (text) => void lines.push(`${level}: ${text}`);
  return logger;
}
