// What a host function can do with the context that it is given.

import { inside, outcomes, recorder, withHost } from './lib.mjs';

async function blocks(api, env) {
  return withHost(api, env, (call) =>
    outcomes({
      'read the argument': () => inside(call, (cp, at) => cp.read(at).text()),
      'length of the argument': () => inside(call, (cp, at) => cp.length(at)),
      'length of an empty argument': () => inside(call, (cp, at) => cp.length(at), ''),
      'store and read text': () => inside(call, (cp) => cp.read(cp.store('Zoë 👋')).text()),
      'store and read bytes': () => inside(call, (cp) => cp.read(cp.store(new Uint8Array([1, 2, 3]))).bytes()),
      'store and read a view': () => inside(call, (cp) => cp.read(cp.store(new Uint8Array([1, 2, 3, 4]).subarray(1, 3))).bytes()),
      'length of what was stored': () => inside(call, (cp) => cp.length(cp.store('hello'))),
      'what store gives': () => inside(call, (cp) => typeof cp.store('hello')),
      'alloc and length': () => inside(call, (cp) => cp.length(cp.alloc(100))),
      'alloc of a BigInt': () => inside(call, (cp) => cp.length(cp.alloc(100n))),
      'what alloc gives': () => inside(call, (cp) => typeof cp.alloc(8)),
      'read what was allocated': () => inside(call, (cp) => cp.read(cp.alloc(3)).byteLength),
      'length of nothing': () => inside(call, (cp) => cp.length(0n)),
      'length of no block': () => inside(call, (cp) => cp.length(1n << 60n)),
      'read no block': () => inside(call, (cp) => cp.read(1n << 60n)),
      'read nothing': () => inside(call, (cp) => cp.read(0n)),
      'read an offset as a number': () => inside(call, (cp, at) => cp.read(Number(at)).text()),
      'store as the result': () => call((cp) => cp.store('hello')),
      'store an empty text as the result': () => call((cp) => cp.store('')),
      'read an empty block': () => inside(call, (cp) => cp.read(cp.store(''))?.text()),
      'store a number': () => inside(call, (cp) => cp.store(5)),
      'store undefined': () => inside(call, (cp) => cp.store(undefined)),
      'store an output': () => call((cp, at) => cp.store(cp.read(at).bytes())),
      'write into what was read': () => inside(call, (cp, at) => { cp.read(at).bytes()[0] = 33; return cp.read(at).text(); }),
    }));
}

async function vars(api, env) {
  return withHost(api, env, (call) =>
    outcomes({
      'one that there is not': () => inside(call, (cp) => cp.getVariable('absent')),
      'set and get text': () => inside(call, (cp) => { cp.setVariable('a', 'Zoë'); return cp.getVariable('a').text(); }),
      'set and get bytes': () => inside(call, (cp) => { cp.setVariable('b', new Uint8Array([1, 2])); return cp.getVariable('b').bytes(); }),
      'set and get a view': () => inside(call, (cp) => { cp.setVariable('v', new Uint8Array([1, 2, 3]).subarray(1)); return cp.getVariable('v').bytes(); }),
      'in the next call': () => inside(call, (cp) => cp.getVariable('a').text()),
      replace: () => inside(call, (cp) => { cp.setVariable('a', 'new'); return cp.getVariable('a').text(); }),
      delete: () => inside(call, (cp) => { cp.deleteVariable('a'); return cp.getVariable('a'); }),
      'delete what is not there': () => inside(call, (cp) => cp.deleteVariable('absent')),
      'an empty one': () => inside(call, (cp) => { cp.setVariable('e', ''); return cp.getVariable('e')?.byteLength; }),
      'bytes that are changed later': () => inside(call, (cp) => {
        const bytes = new Uint8Array([1, 2]);
        cp.setVariable('c', bytes);
        bytes[0] = 9;
        return cp.getVariable('c').bytes();
      }),
      'a name of every object': () => inside(call, (cp) => cp.getVariable('constructor')),
    }));
}

async function variableLimit(api, env) {
  return withHost(
    api,
    env,
    (call) =>
      outcomes({
        'above the limit': () => inside(call, (cp) => cp.setVariable('a', new Uint8Array(200))),
        'afterwards': () => inside(call, (cp) => cp.getVariable('a')),
        'within the limit': () => inside(call, (cp) => { cp.setVariable('a', new Uint8Array(50)); return cp.getVariable('a').byteLength; }),
      }),
    { memory: { maxVarBytes: 100 } },
  );
}

async function errorsOfTheHost(api, env) {
  return withHost(api, env, (call) =>
    outcomes({
      'setError with text': () => call((cp) => { cp.setError('no such user'); return 0n; }),
      'setError with an Error': () => call((cp) => { cp.setError(new Error('of class Error')); return 0n; }),
      'setError, and an output': () => call((cp) => { cp.setError('beside an output'); return cp.store('output'); }),
      'the next call': () => call((cp) => cp.store('fine')),
      'setError() clears': () => call((cp) => { cp.setError('to be cleared'); cp.setError(); return cp.store('cleared'); }),
      'setError(null)': () => inside(call, (cp) => cp.setError(null)),
    }));
}

async function exceptions(api, env) {
  class NotFound extends Error {}
  const thrown = new NotFound('no such user');
  return withHost(api, env, (call, plugin) =>
    outcomes({
      'an Error': () => call(() => { throw new Error('of the host'); }),
      'the very one': () => call(() => { throw thrown; }).catch((error) => error === thrown && error instanceof NotFound),
      'a string': () => call(() => { throw 'text'; }),
      'isActive afterwards': () => plugin.isActive(),
      'the next call': () => call((cp) => cp.store('fine')),
    }));
}

async function resultsOfFunctions(api, env) {
  const user = await env.guest('user');
  const call = async (name, f) => {
    const functions = { 'extism:host/user': { i64: () => 0n, i32: () => 0, f64: () => 0, nothing: () => {}, [name]: f } };
    const plugin = await api.createPlugin({ wasm: [{ data: user }] }, { functions });
    try {
      return (await plugin.call(name, 'x')).getBigInt64(0, true);
    } finally {
      await plugin.close();
    }
  };
  return outcomes({
    'an i64': () => call('i64', () => 5n),
    'a negative i64': () => call('i64', () => -5n),
    'an i32': () => call('i32', () => 5),
    'an i32 argument': () => call('i32', (_, n) => n * 2),
    'an f64 argument': () => call('f64', (_, x) => x * 2),
    'true for an i32': () => call('i32', () => true),
    'nothing': () => call('nothing', () => undefined),
    'something where nothing is wanted': () => call('nothing', () => 5),
    'a number for an i64': () => call('i64', () => 5),
    'nothing for an i64': () => call('i64', () => undefined),
    'an object for an i32': () => call('i32', () => ({ valueOf: () => 5 })),
  });
}

async function level(api, env) {
  const { lines, logger } = recorder();
  return withHost(
    api,
    env,
    (call) =>
      outcomes({
        logLevel: () => inside(call, (cp) => cp.logLevel),
        'logLevel, set': () => inside(call, (cp) => { cp.logLevel = 'error'; return cp.logLevel; }),
        'a level that there is not': () => inside(call, (cp) => { cp.logLevel = 'loud'; return cp.logLevel; }),
      }),
    { logger, logLevel: 'info' },
  );
}

/** A context that a host function has kept, after its call. */
async function kept(api, env) {
  return withHost(api, env, async (call) => {
    let context;
    await call((cp) => {
      context = cp;
      return 0n;
    }, 'x', 'of the call');
    return outcomes({
      hostContext: () => context.hostContext() ?? 'none',
      'a var': () => { context.setVariable('k', 'v'); return context.getVariable('k').text(); },
      'the same in the next call': () => inside(call, (cp) => cp === context),
    });
  });
}

export const context = [
  { name: 'blocks of a host function', run: blocks },
  { name: 'vars of a host function', run: vars },
  { name: 'vars of a host function, limited', run: variableLimit },
  { name: 'setError', run: errorsOfTheHost },
  { name: 'exceptions from host functions', run: exceptions },
  { name: 'results of host functions', run: resultsOfFunctions },
  { name: 'logLevel of a host function', run: level },
  { name: 'a context that is kept', run: kept },
];
