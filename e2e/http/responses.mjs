// What comes back, and how much of it.

import { assert, at, bytesFrom, equal, input, plugin, refused, sameBytes, send, show } from './lib.mjs';

async function statuses(env) {
  const p = await plugin(env);
  for (const code of [200, 201, 202, 204, 205, 206, 304, 400, 401, 403, 404, 410, 418, 429, 500, 503, 599]) {
    const got = await send(p, at(env.origins.home, '/status', { code, body: 'text' }));
    equal(got.status, code, 'the status');
    equal(got.text, code === 204 || code === 205 || code === 304 ? '' : 'text', `the body of a ${code}`);
    equal((await p.call('status')).getUint32(0, true), code, 'the status in a later call');
  }
  equal(await p.call('body', input(at(env.origins.home, '/status', { code: 204 }))), null, 'the block of no body');
  await p.close();
  const fresh = await plugin(env);
  equal((await fresh.call('status')).getUint32(0, true), 0, 'the status before there was any');
  await fresh.close();
}

async function headers(env) {
  const url = `${env.origins.home}/headers?${['X-A: 1', 'x-a: 2', 'X-Quote: "a\\b"', 'Set-Cookie: a=1; Expires=Wed, 21 Oct 2015', 'Set-Cookie: b=2', 'X-Empty:', '__proto__: p', 'Content-Type: a/b'].map((h) => `h=${encodeURIComponent(h)}`).join('&')}`;
  const off = await plugin(env);
  equal((await send(off, url)).headers, null, 'headers that are not allowed');
  equal(await off.call('headers'), null, 'the same in a later call');
  await off.close();
  const p = await plugin(env, { allowHttpResponseHeaders: true });
  equal(await p.call('headers'), null, 'headers before there were any');
  const got = (await send(p, url)).headers;
  equal(got['x-a'], '1, 2', 'several values');
  equal(got['x-quote'], '"a\\b"', 'quotes');
  equal(got['x-empty'], '', 'an empty value');
  equal(got['content-type'], 'a/b', 'content-type');
  equal(Object.getOwnPropertyDescriptor(got, '__proto__')?.value, 'p', '__proto__');
  equal(got['set-cookie'], env.browser ? undefined : 'a=1; Expires=Wed, 21 Oct 2015\nb=2', 'cookies');
  equal(JSON.parse((await p.call('headers')).text())['x-a'], '1, 2', 'the headers in a later call');
  const next = (await send(p, at(env.origins.home, '/status'))).headers;
  equal(next['x-a'], undefined, 'a header of the answer before');
  await p.close();
  // More of them than any platform lets through.
  const many = () => new Headers(Array.from({ length: 300 }, (_, i) => [`x-${i}`, 'y'.repeat(1000)]));
  const own = { fetch: async () => new Response('ok', { headers: many() }) };
  const large = await plugin(env, { ...own, allowHttpResponseHeaders: true });
  await refused(env, large, 'too many headers', at(env.origins.home, '/'), 'HTTP_TOO_LARGE');
  equal(await large.call('headers'), null, 'headers after a failure');
  equal((await large.call('status')).getUint32(0, true), 0, 'the status after a failure');
  await large.close();
  const unread = await plugin(env, own);
  equal((await send(unread, at(env.origins.home, '/'))).text, 'ok', 'too many headers that nobody reads');
  await unread.close();
}

/** A request whose answer is too large. */
async function tooLarge(env, p, what, url, limit) {
  const error = await refused(env, p, what, url, 'HTTP_TOO_LARGE');
  assert(error.message.endsWith(`maximum number of bytes: ${limit}`), error.message);
}

async function limits(env) {
  const body = (n, more = {}) => at(env.origins.home, '/bytes', { n, ...more });
  const ways = { 'with a length': {}, chunked: { chunked: 1 }, gzip: { coding: 'gzip' }, brotli: { coding: 'br' }, deflate: { coding: 'deflate' } };
  if (env.browser) delete ways.brotli; // only over https
  if (env.browser || env.runtime === 'node') delete ways.deflate; // with the zlib header or without is a question of taste
  for (const [what, way] of Object.entries(ways)) {
    for (const limit of [0, 1000, 100_000]) {
      const p = await plugin(env, { memory: { maxHttpResponseBytes: limit } });
      if (limit > 0) sameBytes((await send(p, body(limit - 1, way))).bytes, bytesFrom(0, limit - 1), `${what}, a byte less than ${limit}`);
      sameBytes((await send(p, body(limit, way))).bytes, bytesFrom(0, limit), `${what}, ${limit} bytes`);
      await tooLarge(env, p, `${what}, a byte more than ${limit}`, body(limit + 1, way), limit);
      await p.close();
    }
  }
  const p = await plugin(env, { memory: { maxHttpResponseBytes: 5 } });
  equal((await send(p, { url: body(1000), method: 'HEAD' })).status, 200, 'HEAD of what would be too much');
  await p.close();
}

/** However much a server sends, neither memory nor the core grows beyond the limit. */
async function floods(env) {
  const { home } = env.origins;
  const p = await plugin(env);
  const before = env.api.coreStats().memoryBytes;
  await env.control('forget');
  await tooLarge(env, p, '60 MB', at(home, '/bytes', { n: 60_000_000 }), 50 << 20);
  await tooLarge(env, p, '60 MB in chunks', at(home, '/bytes', { n: 60_000_000, chunked: 1 }), 50 << 20);
  await tooLarge(env, p, 'a body without end', at(home, '/endless'), 50 << 20);
  await tooLarge(env, p, 'a gzip bomb', at(home, '/bytes', { n: 1_000_000_000, coding: 'gzip' }), 50 << 20);
  const { aborted, sent } = await env.control('ended', { path: '/endless', n: 1 });
  assert(aborted && sent < 200e6, `the server has sent ${sent} bytes of a body without end`);
  const announced = await env.control('ended', { path: '/bytes', n: 1 });
  assert(announced.sent < 40e6, `the server has sent ${announced.sent} bytes of what was announced as too much`);
  const large = (await p.call('body', input(at(home, '/bytes', { n: 50 << 20 })))).bytes();
  equal(large.length, 50 << 20, 'a body of the very limit');
  assert(large.every((b, i) => b === i % 251), 'that body is damaged');
  const grown = env.api.coreStats().memoryBytes - before;
  assert(grown < 4 << 20, `the core has grown by ${grown} bytes`);
  await p.close();
}

async function noRoom(env) {
  const p = await plugin(env, { memory: { maxPages: 20 } });
  const error = await refused(env, p, '4 MB in 20 pages', at(env.origins.home, '/bytes', { n: 4 << 20 }), 'OUT_OF_MEMORY');
  assert(error.message.includes('no room for the response'), error.message);
  sameBytes((await send(p, at(env.origins.home, '/bytes', { n: 1000 }))).bytes, bytesFrom(0, 1000), 'what there is room for');
  await p.close();
}

/** Lengths that are not true. */
async function lies(env) {
  const p = await plugin(env);
  const url = (declared, sent) => at(env.origins.home, '/length', { declared, sent });
  await refused(env, p, 'less than announced', url(100, 50), 'HTTP_FAILED');
  await refused(env, p, 'nothing of what was announced', url(100, 0), 'HTTP_FAILED');
  await refused(env, p, 'a length beyond all measure', url('99999999999', 5), 'HTTP_TOO_LARGE', 'HTTP_FAILED');
  // What is beyond the end belongs to nobody: it is dropped, or the answer is none.
  const more = await send(p, url(10, 20)).catch((error) => error);
  if (more instanceof Error) equal(more.code, 'HTTP_FAILED', 'more than announced');
  else sameBytes(more.bytes, bytesFrom(0, 10), 'more than announced');
  for (const declared of ['x', '-1', '']) {
    const got = await send(p, url(declared, 20)).catch((error) => error);
    if (got instanceof Error) equal(got.code, 'HTTP_FAILED', `a length of ${show(declared)}`);
    else assert(got.bytes.length <= 20, `a length of ${show(declared)}: ${got.bytes.length} bytes`);
  }
  await p.close();
}

export const responseScenarios = [
  { name: 'statuses', run: statuses },
  { name: 'headers of responses', run: headers },
  { name: 'limits of responses', run: limits },
  { name: 'floods', run: floods },
  { name: 'no room for a response', run: noRoom },
  { name: 'lengths that are not true', run: lies },
];
