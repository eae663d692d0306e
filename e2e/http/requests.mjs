// What is sent, and where it may go.

import { arrivals, assert, at, echoed, equal, hostOf, input, plugin, recorder, refusal, refused, requests, sameBytes, send, show } from './lib.mjs';

async function methods(env) {
  const p = await plugin(env);
  const url = at(env.origins.home, '/echo');
  for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'QUERY']) {
    equal((await echoed(p, { url, method })).method, method, 'the method');
    equal((await echoed(p, { url, method: method.toLowerCase() })).method, method, 'the method, in small letters');
  }
  equal((await echoed(p, { url })).method, 'GET', 'the method unasked');
  equal((await echoed(p, { url, method: null })).method, 'GET', 'no method');
  const head = await send(p, { url, method: 'HEAD' });
  equal(head.status, 200, "HEAD's status");
  equal(head.bytes.length, 0, "HEAD's body");
  await env.control('forget');
  for (const method of ['CONNECT', 'TRACE', 'TRACK', 'trace']) await refused(env, p, method, { url, method }, 'HTTP_DENIED');
  for (const method of ['A B', 'A\r\nB: C', 'ö', 'A:']) await refused(env, p, method, { url, method }, 'HTTP_INVALID');
  for (const method of ['GET', 'HEAD']) await refused(env, p, `${method} with a body`, input({ url, method }, 'body'), 'UNSUPPORTED');
  await arrivals(env, '', 0, 'requests that were refused');
  await p.close();
}

async function headersAndBodies(env) {
  const p = await plugin(env);
  const url = at(env.origins.home, '/echo');
  const all = Uint8Array.from({ length: 256 }, (_, i) => i);
  const got = await echoed(p, { url, method: 'POST', headers: { 'X-One': ' a b\t', 'x-two': '', Authorization: 'Bearer x', 'content-type': 'a/b' } }, all);
  equal(got.body, btoa(String.fromCharCode(...all)), 'the body');
  equal(show(got.headers['x-one']), '["a b"]', 'x-one');
  equal(show(got.headers['x-two']), '[""]', 'x-two');
  equal(show(got.headers.authorization), '["Bearer x"]', 'authorization');
  equal(show(got.headers['content-type']), '["a/b"]', 'content-type');
  const bare = await echoed(p, { url, method: 'POST', header: { 'x-old': 'PDK' } }, 'text');
  equal(show(bare.headers['x-old']), '["PDK"]', 'a header by the old key');
  equal(bare.headers['content-type'], undefined, 'a content type that nobody set');
  equal(bare.headers['content-length'][0], '4', "the body's length");
  const mebibyte = Uint8Array.from({ length: 1 << 20 }, (_, i) => (i * 7) ^ (i >> 8));
  await env.control('forget');
  await echoed(p, { url, method: 'PUT' }, mebibyte);
  const [seen] = await requests(env, '/echo');
  equal(seen.bodyBytes, 1 << 20, 'the length of a large body');
  sameBytes(Uint8Array.from(atob(seen.body), (c) => c.charCodeAt(0)), mebibyte, 'a large body');
  await env.control('forget');
  const wrong = {
    'a line break': { headers: { a: 'b\r\nc: d' } }, 'a name with a space': { headers: { 'a b': 'c' } }, 'no ASCII': { headers: { a: 'é' } },
    'two spellings': { headers: { a: '1', A: '2' } }, 'a number': { headers: { a: 1 } }, 'an unknown key': { Headers: {} }, 'a control character': { headers: { a: '\0' } },
    'both keys': { headers: {}, header: {} }, 'no URL at all': { url: null }, 'a URL that is none': { url: 'http://[' }, 'a relative URL': { url: '/echo' },
  };
  for (const [what, request] of Object.entries(wrong)) await refused(env, p, what, { url, ...request }, 'HTTP_INVALID');
  await refused(env, p, 'no JSON', new TextEncoder().encode('GET /'), 'HTTP_INVALID');
  await refused(env, p, 'an endless header', { url, headers: { a: 'x'.repeat(64 << 10) } }, 'HTTP_INVALID');
  await refused(env, p, 'another host', { url, headers: { Host: 'other.example' } }, 'HTTP_DENIED');
  await arrivals(env, '', 0, 'requests that were refused');
  equal((await echoed(p, { url, headers: { Host: new URL(url).host } })).host, new URL(url).host, 'the very host');
  await p.close();
}

async function withheldHeaders(env) {
  const url = at(env.origins.home, '/echo');
  const request = { url, headers: { Connection: 'close', 'content-length': '7', te: 'gzip', 'Transfer-Encoding': 'chunked', cookie: 'a=b', 'x-sent': 'yes' } };
  const forbidden = env.browser ? ', cookie' : '';
  for (const [logLevel, want] of Object.entries({ warn: `warn: http_request: not sent: connection, content-length, te, transfer-encoding${forbidden}`, error: undefined })) {
    const logger = recorder();
    const p = await plugin(env, { logger, logLevel });
    const { headers } = await echoed(p, request);
    equal(show(headers['x-sent']), '["yes"]', 'a header that may be sent');
    equal(headers.te, undefined, 'a header that may not');
    equal(show(headers.cookie), env.browser ? 'undefined' : '["a=b"]', 'cookies');
    equal(logger.lines.length, want ? 1 : 0, `warnings at level ${logLevel}`);
    equal(logger.lines[0], want, `the warning at level ${logLevel}`);
    await p.close();
  }
  // A logger that throws ends the call, before anything is sent.
  await env.control('forget');
  const thrown = new Error('of the logger');
  const p = await plugin(env, { logLevel: 'warn', logger: { ...recorder(), warn() { throw thrown; } } });
  let error;
  await p.call('send', input(request)).catch((e) => (error = e));
  assert(error === thrown, () => `a logger that throws: ${show(error)}`);
  await arrivals(env, '', 0, 'requests after that');
  await p.close();
}

/** Which hosts a list allows, on the way through a fetch that sends nothing. */
const HOSTS = [
  [undefined, { 'http://a.example/': false }],
  [[], { 'http://a.example/': false }],
  [['a.example'], {
    'http://a.example/': true, 'https://a.example/': true, 'http://A.EXAMPLE/': true, 'http://a.example:99/': true, 'http://a.example./': true, 'http://b.example/': false,
    'http://a.example.evil/': false, 'http://xa.example/': false, 'http://a.example@b.example/': false, 'http://b.example/a.example': false, 'http:\\\\b.example\\a.example': false,
    'http://b.example#a.example': false, 'http://a%2eexample/': true, 'http:a.example': true, ' http://a.example/\n': true, 'http://a.ex\tample': true, 'ftp://a.example/': false,
    'file:///a.example': false, 'data:,a.example': false, 'javascript:alert(1)': false, 'blob:http://a.example/1': false, 'http://u:p@a.example/': false, 'http://u@a.example/': false,
  }],
  [['*.EXAMPLE'], { 'http://a.example/': true, 'http://a.b.example/': true, 'http://example/': false }],
  [['a.example:8080', 'b.example:443'], { 'http://a.example:8080/': true, 'http://a.example/': false, 'https://b.example/': true, 'http://b.example/': false, 'https://b.example:443/': true }],
  [['127.0.0.1'], { 'http://127.0.0.1/': true, 'http://127.1/': true, 'http://2130706433/': true, 'http://0x7f.0.0.1/': true, 'http://127.0.0.2/': false, 'http://localhost/': false }],
  [['[::1]:80'], { 'http://[::1]/': true, 'http://[0:0:0:0:0:0:0:1]:80/': true, 'http://[::1]:81/': false, 'http://[::2]/': false }],
  [['xn--bcher-kva.example'], { 'http://bücher.example/': true, 'http://BÜCHER.example/': true, 'http://xn--bcher-kva.example/': true, 'http://bucher.example/': false }],
  [['{a,b}.example', 'node[0-9]'], { 'http://b.example/': true, 'http://c.example/': false, 'http://node7/': true, 'http://nodex/': false }],
  [['*'], { 'http://[::1]:99/': true, 'https://anything.example:1/': true, 'ftp://a.example/': false, 'http://u:p@a.example/': false }],
];

async function allowedHosts(env) {
  for (const [allowedHosts, addresses] of HOSTS) {
    const asked = [];
    const fetch = async (url) => {
      asked.push(url);
      return new Response('allowed');
    };
    const p = await plugin(env, { allowedHosts, fetch });
    for (const [url, allowed] of Object.entries(addresses)) {
      asked.length = 0;
      const what = `${url} by ${show(allowedHosts)}`;
      if (!allowed || !env.suspends) await refused(env, p, what, url, allowed ? 'UNSUPPORTED' : 'HTTP_DENIED');
      else equal((await send(p, url)).text, 'allowed', what);
      equal(asked.length, allowed && env.suspends ? 1 : 0, `requests for ${what}`);
      if (asked.length) equal(asked[0], new URL(url).href, 'the URL as the platform has it');
    }
    await p.close();
  }
  for (const entry of ['https://a.example', 'a.example/path', '', 'a b', 'bücher.example', 'a:x', '[', '!a', 'a{b', '::1']) {
    const error = await refusal(env, `the host ${entry}`, plugin(env, { allowedHosts: ['a.example', entry] }), 'INVALID_MANIFEST');
    assert(error.message.includes(JSON.stringify(entry)), error.message);
  }
  await refusal(env, 'a host that is no string', plugin(env, { allowedHosts: [5] }), 'INVALID_MANIFEST', 'INVALID_INPUT');
}

/** The same on the server: what is denied has not been sent. */
async function realHosts(env) {
  const { home, neighbour, stranger, v6 } = env.origins;
  const port = new URL(home).port;
  await env.control('forget');
  const lists = { exact: [hostOf(home)], wildcard: ['127.*.1'], class: ['127.0.0.[1]'], port: [`127.0.0.1:${port}`], 'another port': [`127.0.0.1:${+port + 1}`], none: undefined };
  for (const [what, allowedHosts] of Object.entries(lists)) {
    const p = await plugin(env, { allowedHosts });
    const url = at(home, '/status', { body: what });
    if (what === 'another port' || what === 'none') await refused(env, p, what, url, 'HTTP_DENIED');
    else equal((await send(p, url)).text, what, what);
    if (what === 'port') await refused(env, p, 'the neighbour', at(neighbour, '/echo'), 'HTTP_DENIED');
    const error = await refused(env, p, 'a stranger', at(stranger, '/echo', { who: 'guest' }), 'HTTP_DENIED');
    equal(error.message, `HTTP request to "${at(stranger, '/echo', { who: 'guest' })}" is not allowed (no allowedHosts match "${hostOf(stranger)}")`, 'the message');
    await p.close();
  }
  const seen = await requests(env);
  assert(seen.every((r) => r.origin === home && r.path === '/status'), () => `what was denied was sent: ${show(seen)}`);
  equal(seen.length, 4, 'requests');
  if (v6) {
    const p = await plugin(env, { allowedHosts: ['[::1]'] });
    equal((await send(p, at(v6, '/status', { body: 'v6' }))).text, 'v6', 'an IPv6 address');
    await refused(env, p, 'IPv4', at(home, '/echo'), 'HTTP_DENIED');
    await p.close();
  }
}

async function credentials(env) {
  // Cookies know no ports: those of the page belong to the server, too.
  document.cookie = 'secret=of-the-page; path=/';
  const p = await plugin(env);
  for (const url of [at(env.origins.home, '/echo'), env.mirror]) {
    const { headers } = await echoed(p, url);
    equal(headers.cookie, undefined, `cookies sent to ${url}`);
    equal(headers.referer, undefined, `a referrer sent to ${url}`);
  }
  document.cookie = 'secret=; path=/; max-age=0';
  await p.close();
}

/** A fetch of the program's own makes the requests of plug-ins, too. */
async function ownFetch(env) {
  const given = [];
  let answer = async () => new Response('own');
  const p = await plugin(env, {
    allowedHosts: ['a.example'],
    fetch(url, init) {
      given.push({ self: this, url, init });
      return answer(url, init);
    },
  });
  const request = { url: 'http://a.example/x', method: 'PUT', headers: { b: 'c' } };
  equal((await send(p, request, 'body')).text, 'own', 'the answer');
  const [{ self, url, init }] = given;
  equal(self, undefined, 'this');
  equal(url, 'http://a.example/x', 'the URL');
  equal(init.method, 'PUT', 'the method');
  equal(new Headers(init.headers).get('b'), 'c', 'a header');
  equal(init.redirect, 'manual', 'redirect');
  equal(init.credentials, 'omit', 'credentials');
  equal(new TextDecoder().decode(init.body), 'body', 'the body');
  assert(init.signal instanceof AbortSignal, 'no signal');

  const thrown = new Error('of the program');
  const failing = {
    'a throw': [() => { throw thrown; }, 'of the program', thrown],
    'a rejection': [() => Promise.reject(thrown), 'of the program', thrown],
    'a rejection with a cause': [() => Promise.reject(new Error('no', { cause: thrown })), 'no: of the program'],
    'a rejection with nothing': [() => Promise.reject(), 'undefined'],
    nothing: [() => undefined, 'fetch has given no response that can be read'],
    'a text': [() => 'text', 'fetch has given no response that can be read'],
    'an empty object': [() => ({}), 'fetch has given no response that can be read'],
    'a network error': [() => Response.error(), 'fetch has given no response that can be read (type error, status 0)'],
    'a body of text': [() => new Response(new ReadableStream({ start: (c) => (c.enqueue('text'), c.close()) })), 'something else than bytes'],
    'a body that breaks off': [() => new Response(new ReadableStream({ start: (c) => c.enqueue(new Uint8Array(5)), pull: (c) => c.error(thrown) })), 'of the program', thrown],
    'a getter that throws': [() => ({ get status() { throw thrown; } }), 'of the program', thrown],
    'a body that has been read': [async () => { const r = new Response('x'); await r.text(); return r; }, ''],
  };
  for (const [what, [f, message, cause]] of Object.entries(failing)) {
    answer = f;
    const error = await refused(env, p, what, 'http://a.example/', 'HTTP_FAILED');
    assert(error.message.startsWith('HTTP request to "http://a.example/" failed: ') && error.message.includes(message), () => `${what}: ${error.message}`);
    assert(cause === undefined || error.cause === cause, () => `${what}: the cause is ${show(error.cause)}`);
  }
  answer = async () => new Response(null, { status: 202 });
  const empty = await send(p, 'http://a.example/');
  equal(`${empty.status} ${empty.bytes.length}`, '202 0', 'an answer without a body');
  answer = async () => new Response(new ReadableStream({ start: (c) => (c.enqueue(new Uint8Array([1, 2])), c.enqueue(new Uint8Array()), c.enqueue(new Uint8Array([3])), c.close()) }));
  sameBytes((await send(p, 'http://a.example/')).bytes, [1, 2, 3], 'a body in parts');
  answer = async () => ({ status: 200, type: 'default', redirected: false, headers: new Headers(), body: null, arrayBuffer: async () => new Uint8Array([7]).buffer });
  sameBytes((await send(p, 'http://a.example/')).bytes, [7], 'what only looks like a response');
  // One that follows redirects although it should not.
  answer = async () => Object.defineProperties(new Response('x'), { redirected: { value: true }, url: { value: 'http://b.example/' } });
  await refused(env, p, 'an answer from elsewhere', 'http://a.example/', 'HTTP_DENIED');
  await p.close();
  const global = await plugin(env, { fetch: globalThis.fetch });
  equal((await send(global, at(env.origins.home, '/status', { body: 'global' }))).text, 'global', "the platform's fetch, given by name");
  await global.close();
}

export const requestScenarios = [
  { name: 'methods', run: methods },
  { name: 'headers and bodies', run: headersAndBodies },
  { name: 'headers that are not sent are warned about once', run: withheldHeaders },
  { name: 'allowed hosts', anywhere: true, run: allowedHosts },
  { name: 'denial before anything is sent', run: realHosts },
  { name: 'no credentials of the page', inPages: true, run: credentials },
  { name: 'a fetch of the program', run: ownFetch },
];
