// Runs the scenarios of plug-ins' HTTP requests, in every runtime alike.

import { failureScenarios } from './failures.mjs';
import { manyScenarios } from './many.mjs';
import { redirectScenarios } from './redirects.mjs';
import { requestScenarios } from './requests.mjs';
import { responseScenarios } from './responses.mjs';

const scenarios = [...requestScenarios, ...responseScenarios, ...redirectScenarios, ...failureScenarios, ...manyScenarios];

/** Whether a scenario is for this runtime. */
function fits(env, { anywhere, inPages, where }) {
  if (!env.suspends) return Boolean(anywhere);
  if (inPages) return typeof document !== 'undefined';
  switch (where) {
    case 'shown': return !env.browser;
    case 'hidden': return env.browser;
    case 'gc': return typeof globalThis.gc === 'function';
  }
  return true;
}

/**
 * @param {object} given runtime, api, guest, failing, and the settings of the test
 * @returns {Promise<{ name: string, figures?: object, error?: string, ms: number }[]>}
 */
export async function run(given) {
  const control = async (what, query = {}) => {
    const response = await fetch(`${given.control}${what}?${new URLSearchParams(query)}`);
    if (!response.ok) throw new Error(`the server does not tell ${what}: ${await response.text()}`);
    return response.json();
  };
  const env = { ...given, control, browser: given.runtime === 'web', suspends: typeof WebAssembly.Suspending === 'function' };
  const results = [];
  for (const s of scenarios.filter((s) => fits(env, s))) {
    const start = performance.now();
    const result = { name: s.name };
    try {
      result.figures = await s.run(env);
    } catch (error) {
      result.error = String(error?.stack ?? error);
    }
    result.ms = Math.round(performance.now() - start);
    results.push(result);
  }
  return results;
}
