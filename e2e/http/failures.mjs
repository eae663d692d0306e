// What goes wrong on the way, and who stops a guest that waits.

import { arrivals, assert, at, bytesFrom, equal, input, plugin, refusal, refused, rejection, sameBytes, send, show, turn, useful } from './lib.mjs';

async function onTheWay(env) {
  const { home } = env.origins;
  const p = await plugin(env);
  const ways = {
    'a refused connection': `http://127.0.0.1:${env.closedPort}/`,
    'a reset before the answer': at(home, '/reset'),
    'a reset at once': at(home, '/reset', { sent: 0, gate: 'open' }),
    'a reset within the body': at(home, '/reset', { sent: 100_000, gate: 'open' }),
    garbage: at(home, '/raw', { bytes: '\x01\x02 garbage\r\n\r\n' }),
    nothing: at(home, '/raw', { bytes: '' }),
    'half of a head': at(home, '/raw', { bytes: 'HTTP/1.1 200 OK\r\nContent-' }),
    'a chunk that is none': at(home, '/raw', { bytes: 'HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n' }),
    'gzip that is none': at(home, '/raw', { bytes: 'HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello' }),
  };
  if (env.browser) ways['no CORS headers'] = at(home, '/status', { cors: 'none', body: 'secret' });
  await env.control('open', { gate: 'open' });
  for (const [what, url] of Object.entries(ways)) {
    const error = await refused(env, p, what, url, 'HTTP_FAILED');
    assert(error.message.startsWith(`HTTP request to "${new URL(url).href.slice(0, 500)}`) && / failed: ./.test(error.message), () => `${what}: ${error.message}`);
    assert(error.cause instanceof Error, () => `${what}: the cause is ${show(error.cause)}`);
    assert(error.message.includes(error.cause.message), () => `${what}: ${error.message} does not say ${error.cause.message}`);
    if (!env.browser && what === 'a refused connection') assert(error.message.includes('ECONNREFUSED'), error.message);
    equal((await send(p, at(home, '/status', { body: 'fine' }))).text, 'fine', `a request after ${what}`);
  }
  await p.close();
}

async function slow(env) {
  const { home } = env.origins;
  const p = await plugin(env);
  const held = send(p, at(home, '/held', { gate: 'slow' }));
  const next = p.call('echo', 'next');
  await env.control('arrived', { gate: 'slow' });
  assert(p.isActive(), 'a plug-in whose guest waits is not active');
  await env.control('open', { gate: 'slow' });
  equal((await held).text, 'released', 'an answer that takes its time');
  equal((await next).text(), 'next', 'the call after it');
  const dripping = p.call('body', input(at(home, '/drip', { n: 100, gate: 'drip' })));
  for (let i = 0; i < 5; i++) await env.control('step', { gate: 'drip', n: 20 });
  sameBytes((await dripping).bytes(), bytesFrom(0, 100), 'a body byte by byte');
  await p.close();
}

/** A plug-in that is closed leaves no request behind. */
async function closing(env) {
  const { home } = env.origins;
  await env.control('forget');
  let n = 0;
  // The third has a fetch that does not pass the signal on.
  for (const [at_, options] of [['headers', {}], ['body', {}], ['body', { fetch: (url, { signal: _, ...init }) => fetch(url, init) }]]) {
    const gate = `close ${++n}`;
    const p = await plugin(env, options);
    const call = rejection('a call of a closed plug-in', p.call('send', input(at(home, '/held', { gate, at: at_ }))));
    const queued = rejection('the next in turn', p.call('echo', 'x'));
    await env.control('arrived', { gate });
    for (let i = 0; i < 20; i++) await turn(); // so that the headers are there
    await p.close();
    equal((await call).code, 'CLOSED', 'the code');
    equal((await queued).code, 'CLOSED', 'the code of the next in turn');
    equal((await env.control('ended', { path: '/held', n })).aborted, true, `whether the client has left, waiting for the ${at_}`);
  }
  // From within a fetch of the program.
  let p;
  p = await plugin(env, { fetch: async (url, init) => (p.close(), fetch(url, init)) });
  equal((await rejection('a call that closes', p.call('send', input(at(home, '/held', { gate: 'never' }))))).code, 'CLOSED', 'the code of one that closes itself');
  // An answer that comes too late is for nobody.
  let answer;
  p = await plugin(env, { fetch: () => new Promise((resolve) => (answer = resolve)) });
  const late = rejection('a call of a closed plug-in', p.call('send', input(at(home, '/'))));
  while (!answer) await turn();
  await p.close();
  equal((await late).code, 'CLOSED', 'the code of one that was late');
  let cancelled = false;
  answer(new Response(new ReadableStream({ cancel: () => void (cancelled = true) })));
  await turn();
  assert(cancelled, 'the body of an answer that came too late is not let go');
}

/** Nothing that a guest can catch comes out of a stop. */
async function stubborn(env) {
  const { home, stranger } = env.origins;
  const options = { memory: { maxHttpResponseBytes: 10 } };
  const cases = {
    HTTP_DENIED: at(stranger, '/echo'), HTTP_FAILED: at(home, '/reset'), HTTP_TOO_LARGE: at(home, '/bytes', { n: 11 }), HTTP_INVALID: 'http://[',
  };
  for (const [code, url] of Object.entries(cases)) {
    const p = await plugin(env, options, 'http_catch');
    const { exports } = await p.getInstance();
    await refusal(env, code, p.call('stubborn', input(url)), code);
    equal(exports.ran.value, 0, `whether the guest went on after ${code}`);
    await p.close();
  }
  await env.control('forget');
  const p = await plugin(env, options, 'http_catch');
  const { exports } = await p.getInstance();
  const call = refusal(env, 'a closed plug-in', p.call('stubborn', input(at(home, '/held', { gate: 'stubborn' }))), 'CLOSED');
  await env.control('arrived', { gate: 'stubborn' });
  await p.close();
  await call;
  equal(exports.ran.value, 0, 'whether the guest went on after the end of its plug-in');
  await arrivals(env, '/held', 1, 'its requests');
  const willing = await plugin(env, {}, 'http_catch');
  const ran = (await willing.getInstance()).exports.ran;
  await willing.call('stubborn', input(at(home, '/status')));
  equal(ran.value, 1, 'whether a guest goes on after an answer');
  await willing.close();
}

/** Where nobody can be suspended it is an error, and a denial comes first. */
async function cannotWait(env) {
  const { home, stranger } = env.origins;
  await env.control('forget');
  for (const guest of ['http', 'http_catch']) {
    const p = await plugin(env, {}, guest);
    const f = guest === 'http' ? 'send' : 'stubborn';
    const sync = (url) => async () => p.callSync(f, input(url));
    const error = await refusal(env, 'callSync', sync(at(home, '/echo')), 'UNSUPPORTED');
    assert(error.message.includes(env.suspends ? 'callSync' : 'cannot suspend a guest'), error.message);
    await p.call(guest === 'http' ? 'echo' : 'nothing'); // a fresh instance has to be waited for
    await refusal(env, 'callSync to a denied host', sync(at(stranger, '/echo')), 'HTTP_DENIED');
    if (!env.suspends) await refusal(env, 'call', p.call(f, input(at(home, '/echo'))), 'UNSUPPORTED');
    await p.close();
  }
  for (const [url, code] of [[at(home, '/echo'), 'UNSUPPORTED'], [at(stranger, '/echo'), 'HTTP_DENIED']]) {
    await refusal(env, 'a start function', plugin(env, { config: { 'request!': JSON.stringify({ url }) } }, 'http_start'), code);
  }
  const boot = (url) => plugin(env, { config: { 'request!': JSON.stringify({ url }) } });
  await refusal(env, 'an initialiser, denied', boot(at(stranger, '/echo')), 'HTTP_DENIED');
  if (!env.suspends) await refusal(env, 'an initialiser', boot(at(home, '/echo')), 'UNSUPPORTED');
  await arrivals(env, '', 0, 'requests');
  if (!env.suspends) return;
  const p = await boot(at(home, '/status', { code: 418 }));
  equal((await p.call('boot')).getUint32(0, true), 418, 'what the initialiser got');
  await p.close();
  const failed = await refusal(env, 'an initialiser that fails', boot(at(home, '/reset')), 'HTTP_FAILED');
  assert(failed.cause instanceof TypeError, () => `its cause is ${show(failed.cause)}`);
}

/** The core dies while guests wait. */
async function coreCrash(env) {
  const { home } = env.origins;
  const failing = await env.failing();
  const inside = { ...env, api: failing };
  await env.control('forget');
  const p = await plugin(inside);
  const held = rejection('a call on a dead core', p.call('send', input(at(home, '/held', { gate: 'crash' }))));
  const next = send(p, at(home, '/status', { body: 'after it' }));
  await env.control('arrived', { gate: 'crash' });
  const other = await plugin(inside);
  failing.arm('begin', failing.Failure.EXIT);
  equal((await rejection('the killer', other.call('echo', 'x'))).code, 'CORE_CRASHED', 'the code');
  equal((await held).code, 'CORE_CRASHED', 'the code of the one that waited');
  equal((await env.control('ended', { path: '/held', n: 1 })).aborted, true, 'whether the client has left');
  equal((await next).text, 'after it', 'the next in turn');
  await useful(other, 'a crash');
  // While an initialiser waits.
  const boot = rejection('a creation on a dead core', plugin(inside, { config: { 'request!': JSON.stringify({ url: at(home, '/held', { gate: 'boot' }) }) } }));
  await env.control('arrived', { gate: 'boot' });
  failing.arm('begin', failing.Failure.EXIT);
  equal((await rejection('the killer', other.call('echo', 'x'))).code, 'CORE_CRASHED', 'the code');
  equal((await boot).code, 'CORE_CRASHED', 'the code of the one that was being made');
  // In the environment, below a request.
  await useful(p, 'a second crash');
  for (const failure of ['PANIC', 'EXIT']) {
    failing.arm('http', failing.Failure[failure]);
    const error = await rejection(failure, p.call('send', input(at(home, '/status'))));
    equal(error.code, failure === 'EXIT' ? 'CORE_CRASHED' : 'INTERNAL', failure);
    equal((await send(p, at(home, '/status', { body: 'alive' }))).text, 'alive', `a request after ${failure}`);
  }
  await p.close();
  await other.close();
}

export const failureScenarios = [
  { name: 'failures on the way', run: onTheWay },
  { name: 'answers that take their time', run: slow },
  { name: 'closing a plug-in that waits for an answer', run: closing },
  { name: 'guests that catch all they can', run: stubborn },
  { name: 'requests where nobody can wait', anywhere: true, run: cannotWait },
  { name: 'the core dies while a guest waits for an answer', run: coreCrash },
];
