// HTTP requests of plug-ins, on a network that is a function.

import { numberOf, outcomes, recorder, using } from './lib.mjs';

const decoder = new TextDecoder();

/** What there is in this world, and how the requests for it came. */
function network() {
  const asked = [];
  const pages = {
    'https://a.example/': () => new Response('hello'),
    'https://a.example/missing': () => new Response('nothing here', { status: 404 }),
    'https://a.example/empty': () => new Response(null, { status: 204 }),
    'https://a.example/headers': () => new Response('x', { headers: [['X-A', '1'], ['x-a', '2'], ['content-type', 'text/plain']] }),
    'https://a.example/moved': (init) =>
      init.redirect === 'manual' ? new Response(null, { status: 302, headers: { location: 'https://b.example/' } }) : fetch('https://b.example/', {}),
    'https://b.example/': () => new Response('of another host'),
    'https://a.example/large': () => new Response('x'.repeat(100)),
    'https://a.example/down': () => Promise.reject(new Error('no network')),
  };
  const fetch = async (url, init = {}) => {
    const { body, method, headers } = init;
    asked.push({ url: String(url), method, body: body ? decoder.decode(body) : '', accept: new Headers(headers).get('accept') });
    return pages[String(url)](init);
  };
  return { asked, fetch };
}

/** What a plug-in gets: the body, the status, and the headers if there are any. */
async function got(plugin, request, body) {
  const output = await plugin.call('body', JSON.stringify(request) + (body === undefined ? '' : `\0${body}`));
  const status = numberOf(await plugin.call('status'));
  const headers = await plugin.call('headers');
  return { status: Number(status), headers: headers && headers.json(), body: output === null ? null : output.text() };
}

/** @type {import('./lib.mjs').Scenario['run']} */
async function requests(api, env) {
  const data = await env.guest('http');
  const ask = async (request, { body, ...options } = {}) => {
    const { asked, fetch } = network();
    const given = { allowedHosts: ['a.example'], fetch, logger: recorder().logger, ...options };
    const result = await using(api.createPlugin({ wasm: [{ data }] }, given), (plugin) => got(plugin, request, body));
    return { ...result, asked };
  };
  const url = 'https://a.example/';
  const last = async (...args) => (await ask(...args)).asked.at(-1);
  const denied = (...args) => ask(...args).then(() => false, (error) => error.message.includes('is not allowed (no allowedHosts match "a.example")'));
  return outcomes({
    'an answer': async () => (await ask({ url })).body,
    'its status': async () => (await ask({ url })).status,
    'not found': async () => (await ask({ url: `${url}missing` })).status,
    'what is not found': async () => (await ask({ url: `${url}missing` })).body,
    'no content': async () => (await ask({ url: `${url}empty` })).status,
    'a request': () => last({ url, method: 'POST', headers: { accept: 'a/b' } }, { body: 'body' }),
    'a method in small letters': async () => (await last({ url, method: 'patch' })).method,
    'a body with GET': () => last({ url }, { body: 'body' }),
    'a key that there is not': () => last({ url, timeout: 5 }),
    'headers, if they are allowed': async () => (await ask({ url: `${url}headers` }, { allowHttpResponseHeaders: true })).headers?.['x-a'],
    'headers, if they are not': async () => (await ask({ url: `${url}headers` })).headers,
    'no host is allowed': () => denied({ url }, { allowedHosts: [] }),
    'another host is allowed': () => denied({ url }, { allowedHosts: ['b.example', '*.a.example'] }),
    'a wildcard': async () => (await ask({ url }, { allowedHosts: ['*.example'] })).body,
    'all hosts': async () => (await ask({ url }, { allowedHosts: ['*'] })).body,
    'a host with a port': async () => (await ask({ url }, { allowedHosts: ['a.example:443'] })).body,
    'a redirect to a host that is not allowed': async () => (await ask({ url: `${url}moved` })).body,
    'a redirect to one that is': async () => (await ask({ url: `${url}moved` }, { allowedHosts: ['*.example'] })).body,
    'a body within the limit': async () => (await ask({ url: `${url}large` }, { memory: { maxHttpResponseBytes: 101 } })).body.length,
    'a body at the limit': async () => (await ask({ url: `${url}large` }, { memory: { maxHttpResponseBytes: 100 } })).body.length,
    'a body beyond the limit': async () => (await ask({ url: `${url}large` }, { memory: { maxHttpResponseBytes: 99 } })).body.length,
    'no connection': async () => (await ask({ url: `${url}down` })).body,
  });
}

export const http = [{ name: 'HTTP requests', run: requests }];
