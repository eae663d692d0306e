// Attacks on the ten rules of docs/DESIGN.md, for every runtime. A scenario gets an
// environment and gives its figures; it throws if a rule has been broken.
//
// @typedef Environment
//   api        the namespace of dist/extism.mjs
//   guest      (name) => Promise of the bytes of guests/<name>.wasm, or a Module
//   failing    () => Promise of a build whose core fails on demand (testing.mjs)
//   sabotaged  () => Promise of a build whose gate does not probe
//   ill        (what) => Promise of a build with its core missing or damaged
//   fetched    (body, type) => URL that answers with this
// All but the first two may be missing; scenarios name what they need.

import { Skip } from './lib.mjs';
import { compiled } from './compiled.mjs';
import { exceptions } from './exceptions.mjs';
import { failures } from './failures.mjs';
import { atRandomTimes } from './faults.mjs';
import { given } from './given.mjs';
import { inputs } from './inputs.mjs';
import { leaks } from './leaks.mjs';
import { stack } from './stack.mjs';
import { suspend } from './suspend.mjs';

export const scenarios = [...stack, ...failures, ...exceptions, ...inputs, ...given, ...suspend, ...compiled, ...leaks, ...atRandomTimes];

/**
 * Runs the scenarios one after another.
 * @param {object} env
 * @param {{ only?: string, stackOnly?: boolean }} settings
 * @param {(result: object) => void} report is given each result
 */
export async function run(env, { only, stackOnly }, report) {
  for (const s of scenarios) {
    if (only && !new RegExp(only).test(s.name)) continue;
    if (stackOnly && !s.stack) continue;
    report({ name: s.name, rule: s.rule, ...(await attempt(env, s)) });
  }
}

async function attempt(env, scenario) {
  const lacking = scenario.needs?.find((n) => !env[n]);
  if (lacking) return { skipped: `nothing "${lacking}" here` };
  const start = Date.now();
  const timed = (result) => ({ ...result, ms: Date.now() - start });
  try {
    return timed({ figures: (await scenario.run(env)) ?? {} });
  } catch (error) {
    if (error instanceof Skip) return { skipped: error.message };
    return timed({ error: String(error?.stack ?? error) });
  }
}
