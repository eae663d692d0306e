// Programs for @extism/extism, each of them one scenario, on any package with
// that API. What they come to is compared by peer_test.go.

import { calls } from './calls.mjs';
import { context } from './context.mjs';
import { errors } from './errors.mjs';
import { faults } from './faults.mjs';
import { http } from './http.mjs';
import { linked } from './linked.mjs';
import { manifests } from './manifests.mjs';
import { options } from './options.mjs';
import { outputs } from './outputs.mjs';
import { stories } from './stories.mjs';

/** @type {import('./lib.mjs').Scenario[]} */
const scenarios = [...stories, ...manifests, ...options, ...calls, ...context, ...outputs, ...errors, ...linked, ...http, ...faults];

/**
 * Runs the scenarios one after another.
 * @param {any} api the package's namespace
 * @param {import('./lib.mjs').Env} env
 */
export async function run(api, env) {
  const results = {};
  for (const s of scenarios) {
    if (s.only && !s.only.includes(env.runtime)) continue;
    try {
      results[s.name] = await s.run(api, env);
    } catch (error) {
      results[s.name] = { 'the scenario itself': { throws: String(error?.stack ?? error) } };
    }
  }
  return results;
}
