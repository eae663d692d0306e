// Rules 1, 2 and 6: what becomes of plug-ins when the core itself fails.

import { Innocent, assert, attacker, equal, exporter, importer, long, numbers, refusal, rejection, sha256, show, supports, tally } from './lib.mjs';

/** For each group of functions in which a failure can be forced, some of the functions. */
const GROUPS = {
  config: ['config_get'],
  var: ['var_get', 'var_set', 'var_delete'],
  log: ['log_trace', 'log_info', 'log_error', 'get_log_level'],
  http: ['http_request', 'http_status_code', 'http_headers'],
  wasi: ['fd_write', 'clock_time_get', 'random_get', 'environ_get', 'fd_fdstat_get', 'proc_exit'],
};

/** Failures, and the code of the error that the caller has to get. */
const FAILURES = { PANIC: 'INTERNAL', EXIT: 'CORE_CRASHED', OVERFLOW: 'CORE_CRASHED' };

/** The guest that only calls, and those that catch what comes out. */
async function guests(env) {
  const known = [];
  for (const name of ['stack', 'catch', 'table']) if (await supports(env, name)) known.push(name);
  return known;
}

/** What everybody must be able to do afterwards. */
async function recovered(env, api, innocent, victim, after) {
  const wrong = await innocent.wrong();
  assert(!wrong, `after ${after}: ${wrong}`);
  await victim.plugin.call('run', numbers(victim.number('var_set')));
  const fresh = await api.createPlugin(await env.guest('count'));
  equal((await fresh.call('echo', 'new')).text(), 'new', `after ${after}, a new plug-in's answer`);
  await fresh.close();
}

async function whether(plugin) {
  return (await plugin.getInstance()).exports.ran.value;
}

async function inEveryGroup(env) {
  const api = await env.failing();
  const innocent = await Innocent.create(env, api);
  const { counts, add } = tally();
  for (const name of await guests(env)) {
    const victim = await attacker(env, name, { api });
    for (const [group, ops] of Object.entries(GROUPS)) {
      for (const op of ops) {
        for (const [failure, code] of Object.entries(FAILURES)) {
          const what = `${failure} in ${op}, guest ${name}`;
          await victim.plugin.call('run', numbers(0));
          api.arm(group, api.Failure[failure]);
          await refusal({ api }, what, victim.plugin.call('run', numbers(victim.number(op))), code);
          const ran = await whether(victim.plugin);
          if (ran) add(`ran on (${ran}) after ${failure} in ${name}`);
          await recovered(env, api, innocent, victim, what);
          add(failure);
        }
      }
    }
    await victim.plugin.close();
  }
  await innocent.close();
  const runaways = Object.keys(counts).filter((k) => k.startsWith('ran on'));
  assert(runaways.length === 0, () => `guests ran on: ${show(counts)}`);
  return counts;
}

/** Failures in what the driver calls itself: the guest has not begun, or is done. */
async function inTheStateMachine(env) {
  const api = await env.failing();
  const innocent = await Innocent.create(env, api);
  const victim = await attacker(env, 'stack', { api });
  const { counts, add } = tally();
  for (const group of ['begin', 'end']) {
    for (const [failure, code] of Object.entries(FAILURES)) {
      for (let i = 0; i < 3; i++) {
        const what = `${failure} in ${group}`;
        await victim.plugin.call('run', numbers(0));
        api.arm(group, api.Failure[failure]);
        const error = await refusal({ api }, what, victim.plugin.call('run', numbers(0)), code);
        if (failure === 'PANIC') assert(error.message.includes('forced'), `${what}: ${show(error)}`);
        // A guest's own trap after it is reported as that.
        const trap = await rejection(what, victim.plugin.call('dive', numbers(0)));
        equal(trap.code, 'TRAP', `after ${what}, the code of a trap`);
        await recovered(env, api, innocent, victim, what);
        add(what);
      }
    }
  }
  await innocent.close();
  await victim.plugin.close();
  return counts;
}

/** Whatever a plug-in was made of, it moves to a fresh core; its modules keep their names. */
async function everyFormMoves(env) {
  const api = await env.failing();
  const victim = await Innocent.create(env, api);
  const data = await env.guest('count');
  const response = (body, type) => new Response(body, { headers: { 'content-type': type } });
  const json = JSON.stringify({ wasm: [{ data: btoa(String.fromCharCode(...data)) }] });
  const side = exporter('f');
  const linked = [
    { data: side, hash: await sha256(side) },
    { response: response(side, '') },
    { data: importer([await sha256(side), 'f'], ['1', 'f']) },
  ];
  const forms = {
    bytes: data,
    'a module': await WebAssembly.compile(data),
    'a Response': response(data, 'application/wasm'),
    'a Response of JSON': response(json, 'application/json'),
    JSON: json,
    'a manifest with bytes': { wasm: [{ data }] },
    'a manifest with a hash': { wasm: [{ data, hash: await sha256(data) }] },
    'a manifest with a Response': { wasm: [{ response: response(data, 'application/wasm') }] },
    'a manifest with a promise': { wasm: [{ response: Promise.resolve(response(data, 'application/wasm')) }] },
    'a manifest with a module': { wasm: [{ module: await WebAssembly.compile(data), name: 'main' }, { data: side }] },
    'a small module, by the limit': { wasm: [{ data }], memory: { maxPages: 10 } },
    'modules that import by hash and number': { wasm: linked },
  };
  const plugins = {};
  for (const [what, manifest] of Object.entries(forms)) plugins[what] = await api.createPlugin(manifest, { maxModuleBytes: 100_000 });
  for (let n = 1n; n <= 3n; n++) {
    for (const [what, plugin] of Object.entries(plugins)) {
      if (forms[what].wasm === linked) await refusal({ api }, what, plugin.call('none'), 'FUNCTION_NOT_FOUND');
      else equal(long(await plugin.call('count')), n, what);
    }
    api.arm('end', api.Failure.EXIT);
    await refusal({ api }, 'a call in which the core dies', victim.plugin.call('count'), 'CORE_CRASHED');
  }
  for (const plugin of Object.values(plugins)) await plugin.close();
  await victim.close();
  return { forms: Object.keys(forms).length };
}

/** Vars that were set in the very call in which the core died, and before, are kept. */
async function varsComeAlong(env) {
  const api = await env.failing();
  const plugins = [];
  for (let i = 0; i < 5; i++) plugins.push(await Innocent.create(env, api));
  for (let i = 0; i < 30; i++) {
    for (let k = 0; k <= i % 5; k++) equal(await plugins[k].wrong(), '', 'a count');
    api.arm('end', i % 2 ? api.Failure.EXIT : api.Failure.OVERFLOW);
    const victim = plugins[i % 5];
    await refusal({ api }, 'a call in which the core dies', victim.plugin.call('count'), 'CORE_CRASHED');
    victim.count++; // it had counted
  }
  for (const p of plugins) {
    equal(await p.wrong(), '', 'a count after thirty crashes');
    await p.close();
  }
  return { crashes: 30, plugins: plugins.length };
}

/** The same module with a section that says nothing, too large to be compiled at once. */
function large(module) {
  const size = 40_000;
  const section = new Uint8Array(size + 4);
  section.set([0, (size & 127) | 128, ((size >> 7) & 127) | 128, size >> 14, 1, 120]);
  const bytes = new Uint8Array(module.length + section.length);
  bytes.set(module);
  bytes.set(section, module.length);
  return bytes;
}

/** Calls that wait for a core, when it dies, are settled. */
async function pendingIsRejected(env) {
  const api = await env.failing();
  const innocent = await Innocent.create(env, api);
  const victim = await attacker(env, 'stack', { api });
  const count = large(await env.guest('count'));
  const creating = Array.from({ length: 10 }, () => api.createPlugin(count).then((p) => p.close(), (e) => e));
  for (let i = 0; i < 8; i++) await null; // until the core has been asked
  api.arm('var', api.Failure.EXIT);
  await refusal({ api }, 'the call', victim.plugin.call('run', numbers(victim.number('var_get'))), 'CORE_CRASHED');
  const results = await Promise.all(creating);
  const rejected = results.filter((r) => r !== undefined);
  for (const r of rejected) equal(r.code, 'CORE_CRASHED', 'the code of a creation that was under way');
  assert(rejected.length > 0, 'no creation was under way');
  // Calls at the same time after the crash share the revival.
  const calls = await Promise.all(Array.from({ length: 10 }, () => innocent.plugin.call('echo', 'again')));
  for (const c of calls) equal(c.text(), 'again', 'an answer');
  await recovered(env, api, innocent, victim, 'pending creations');
  await innocent.close();
  await victim.plugin.close();
  return { rejected: rejected.length, created: results.length - rejected.length };
}

async function collections(env) {
  const api = await env.failing();
  const innocent = await Innocent.create(env, api);
  const victim = await attacker(env, 'stack', { api });
  let calls = 0;
  for (const [group, ops] of Object.entries(GROUPS)) {
    api.arm(group, api.Failure.COLLECT);
    for (const op of ops.filter((o) => o !== 'http_request' && o !== 'proc_exit')) {
      for (let i = 0; i < 50; i++, calls++) {
        await victim.plugin.call('run', numbers(victim.number(op)));
        equal(await innocent.trouble(), '', `after a collection in ${op}`);
      }
    }
  }
  api.arm('', api.Failure.NOTHING);
  await innocent.close();
  await victim.plugin.close();
  return { calls };
}

export const failures = [
  { name: 'the core fails in each group of functions', rule: 6, needs: ['failing'], run: inEveryGroup },
  { name: 'the core fails before and after the guest', rule: 6, needs: ['failing'], run: inTheStateMachine },
  { name: 'vars survive the core', rule: 6, needs: ['failing'], run: varsComeAlong },
  { name: 'plug-ins of every form move to a fresh core', rule: 6, needs: ['failing'], run: everyFormMoves },
  { name: 'the core fails while others wait', rule: 6, needs: ['failing'], run: pendingIsRejected },
  { name: 'a collection in each group of functions', rule: 2, needs: ['failing'], run: collections },
];
