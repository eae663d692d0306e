// Redirects. Browsers tell no program where one leads.

import { arrivals, assert, at, echoed, equal, hostOf, input, plugin, recorder, refusal, refused, requests, send, show } from './lib.mjs';

const redirect = (origin, to, status = 302, more = {}) => at(origin, '/redirect', { to, status, ...more });

async function followed(env) {
  const { home, neighbour, stranger } = env.origins;
  const p = await plugin(env);
  for (const status of [301, 302, 303, 307, 308]) equal((await echoed(p, redirect(home, '/echo?x', status))).url, '/echo?x', `a ${status}`);
  for (const [to, want] of Object.entries({ '?to=/echo': '/echo', 'echo?y#part': '/echo?y', [`//${new URL(home).host}/echo`]: '/echo', './a/../echo': '/echo', [`${neighbour}/echo`]: '/echo' })) {
    equal((await echoed(p, redirect(home, to))).url, want, `a redirect to ${to}`);
  }
  equal((await send(p, at(home, '/status', { code: 302, body: 'here' }))).text, 'here', 'a 302 without a Location');
  equal((await send(p, at(home, '/headers', { h: 'Location: /echo' }))).text, 'headers', 'a 200 with a Location');
  equal((await send(p, redirect(home, '/echo', 300))).status, 300, 'a 300');
  await env.control('forget');
  await refused(env, p, 'a denied host', redirect(home, `${stranger}/echo`), 'HTTP_DENIED');
  await refused(env, p, 'a denied host, after two redirects', redirect(home, redirect(neighbour, `${stranger}/echo`)), 'HTTP_DENIED');
  await refused(env, p, 'a password', redirect(home, home.replace('://', '://u:p@')), 'HTTP_DENIED');
  for (const to of ['file:///etc/passwd', 'data:text/plain,x', 'javascript:alert(1)', 'ftp://127.0.0.1/', 'blob:null/1', 'about:blank']) {
    const error = await refused(env, p, to, redirect(home, to), 'HTTP_DENIED');
    assert(error.message.includes('redirects to it'), error.message);
  }
  for (const to of ['http://[', 'http://', 'http://a b/']) await refused(env, p, `what is no URL, ${to}`, redirect(home, to), 'HTTP_FAILED');
  assert((await requests(env)).every((r) => r.origin !== stranger && r.path === '/redirect'), 'what was denied was sent');
  await p.close();
}

async function hops(env) {
  const { home } = env.origins;
  const p = await plugin(env);
  equal((await echoed(p, at(home, '/hops', { n: 10 }))).url, '/hops?n=0', '10 redirects');
  await env.control('forget');
  const error = await refused(env, p, '11 redirects', at(home, '/hops', { n: 11 }), 'HTTP_FAILED');
  assert(error.message.includes('more than 10 redirects'), error.message);
  await arrivals(env, '/hops', 11, 'requests of 11 redirects');
  await refused(env, p, 'a loop', at(home, '/loop'), 'HTTP_FAILED');
  await arrivals(env, '/loop', 11, 'requests of a loop');
  equal((await echoed(p, at(home, '/hops', { n: 10 }))).url, '/hops?n=0', '10 redirects once more');
  await p.close();
}

async function bodiesAndMethods(env) {
  const { home } = env.origins;
  const p = await plugin(env);
  const post = { method: 'POST', headers: { 'content-type': 'a/b', 'content-language': 'x', 'x-kept': 'y' } };
  const want = [
    ['POST', 301, 'GET'], ['POST', 302, 'GET'], ['POST', 303, 'GET'], ['POST', 307, 'POST'], ['POST', 308, 'POST'],
    ['PUT', 301, 'PUT'], ['PUT', 302, 'PUT'], ['PUT', 303, 'GET'], ['PUT', 307, 'PUT'], ['DELETE', 303, 'GET'],
  ];
  for (const [method, status, then] of want) {
    const got = await echoed(p, { url: redirect(home, '/echo', status), ...post, method }, 'the body');
    const kept = then !== 'GET';
    const what = `${method} after ${status}`;
    equal(got.method, then, what);
    equal(got.text, kept ? 'the body' : '', `the body of ${what}`);
    equal(show(got.headers['content-type']), kept ? '["a/b"]' : 'undefined', `the type of ${what}`);
    equal(show(got.headers['x-kept']), '["y"]', `a header of ${what}`);
  }
  equal((await send(p, { url: redirect(home, '/echo', 303), method: 'HEAD' })).bytes.length, 0, 'HEAD after 303');
  equal((await requests(env, '/echo')).at(-1).method, 'HEAD', 'HEAD after 303');
  await p.close();
}

async function secrets(env) {
  const { home, neighbour, stranger } = env.origins;
  const p = await plugin(env, { allowedHosts: [hostOf(home), hostOf(stranger)] });
  const headers = { Authorization: 'Bearer x', Cookie: 'a=b', 'Proxy-Authorization': 'y', 'x-kept': 'z' };
  const got = (url) => echoed(p, { url, headers });
  const same = (await got(redirect(home, '/echo'))).headers;
  equal(show([same.authorization, same.cookie, same['proxy-authorization']]), '[["Bearer x"],["a=b"],["y"]]', 'on the same origin');
  for (const origin of [neighbour, stranger]) {
    const other = (await got(redirect(home, at(origin, '/echo')))).headers;
    equal(show([other.authorization, other.cookie, other['proxy-authorization'], other['x-kept']]), '[null,null,null,["z"]]', `on ${origin}`);
    const back = (await got(redirect(home, redirect(origin, at(home, '/echo'))))).headers;
    equal(show([back.authorization, back.cookie]), '[null,null]', `back from ${origin}`);
  }
  await p.close();
}

/** Where the platform hides them, they are refused unless the program says otherwise. */
async function hidden(env) {
  const { home, stranger } = env.origins;
  const there = { home: redirect(home, '/echo'), stranger: redirect(home, at(stranger, '/echo')) };
  await env.control('forget');
  const p = await plugin(env);
  for (const url of Object.values(there)) {
    const error = await refused(env, p, 'a redirect', url, 'UNSUPPORTED');
    assert(error.message.includes('a browser does not tell') && error.message.includes('allowHiddenRedirects'), error.message);
  }
  equal((await send(p, at(home, '/status', { body: 'none' }))).text, 'none', 'what is not redirected');
  await arrivals(env, '/echo', 0, 'requests that were redirected');
  await p.close();

  const open = await plugin(env, { allowHiddenRedirects: true });
  equal((await echoed(open, there.home)).url, '/echo', 'a redirect that is followed unseen');
  const denied = await refused(env, open, 'one to a denied host', there.stranger, 'HTTP_DENIED');
  assert(denied.message.includes(at(stranger, '/echo')), denied.message);
  await refused(env, open, 'a loop', at(home, '/loop'), 'HTTP_FAILED');
  for (const to of ['file:///etc/passwd', 'data:text/plain,x', 'http://[']) await refused(env, open, to, redirect(home, to), 'HTTP_FAILED');
  await open.close();

  const all = await plugin(env, { allowedHosts: ['*'] });
  equal((await echoed(all, there.stranger)).url, '/echo', 'a redirect with all hosts allowed');
  equal((await echoed(all, { url: redirect(home, '/echo', 307), method: 'POST' }, 'body')).text, 'body', 'a 307');
  await all.close();
}

/** The option has no meaning where all is seen. */
async function shown(env) {
  const { home, stranger } = env.origins;
  await env.control('forget');
  const p = await plugin(env, { allowHiddenRedirects: true });
  await refused(env, p, 'a denied host', redirect(home, at(stranger, '/echo')), 'HTTP_DENIED');
  await arrivals(env, '/echo', 0, 'requests that were redirected');
  await p.close();
  const logger = recorder();
  const warned = await plugin(env, { logger, logLevel: 'warn' });
  await echoed(warned, { url: redirect(home, '/echo'), headers: { te: 'gzip' } });
  equal(logger.lines.length, 1, 'warnings of a request that is redirected');
  await warned.close();
  await refusal(env, 'no boolean', plugin(env, { allowHiddenRedirects: 'yes' }), 'INVALID_INPUT');
}

export const redirectScenarios = [
  { name: 'redirects are checked and followed', where: 'shown', run: followed },
  { name: 'at most 10 redirects', where: 'shown', run: hops },
  { name: 'bodies and methods after redirects', where: 'shown', run: bodiesAndMethods },
  { name: 'secrets do not get to other origins', where: 'shown', run: secrets },
  { name: 'hidden redirects where there are none', where: 'shown', run: shown },
  { name: 'redirects that the browser hides', where: 'hidden', run: hidden },
];
