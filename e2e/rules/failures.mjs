// Rules 1, 2 and 6: what becomes of plug-ins when the core itself fails.

import { Innocent, assert, attacker, equal, numbers, refusal, rejection, show, supports, tally } from './lib.mjs';

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

/** Calls that wait for a core, when it dies, are settled. */
async function pendingIsRejected(env) {
  const api = await env.failing();
  const innocent = await Innocent.create(env, api);
  const victim = await attacker(env, 'stack', { api });
  // Their modules do not arrive before the core is dead.
  let arrive;
  const arrived = new Promise((resolve) => (arrive = resolve));
  const fetch = async () => {
    await arrived;
    throw new Error('too late');
  };
  const creating = Array.from({ length: 10 }, () =>
    api.createPlugin({ wasm: [{ url: 'https://example.test/late.wasm' }] }, { fetch }).then((p) => p.close(), (e) => e));
  for (let i = 0; i < 20; i++) await null; // until the core has been asked
  api.arm('var', api.Failure.EXIT);
  await refusal({ api }, 'the call', victim.plugin.call('run', numbers(victim.number('var_get'))), 'CORE_CRASHED');
  arrive();
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
  { name: 'the core fails while others wait', rule: 6, needs: ['failing'], run: pendingIsRejected },
  { name: 'a collection in each group of functions', rule: 2, needs: ['failing'], run: collections },
];
