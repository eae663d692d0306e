// Entry of the build that only these tests use: the shim as it is published, with
// a way to reach the core, which can be told to fail (build tag faultinject), and
// with a gate of the test's choice.

import { Failure } from '../../web/src/abi.mjs';
import { Core } from '../../web/src/core.mjs';

export * from '../../web/src/extism.mjs';
export { configure } from '../../web/src/api.mjs';
export { compileOnce, compileURL } from '../../web/src/load.mjs';
export { Failure };

/** The core that the last plug-in was created on. */
export let core;

const { create } = Core.prototype;
Core.prototype.create = function (request) {
  core = this;
  return create.call(this, request);
};

/** Makes the next pass through a group of functions fail; COLLECT stays armed. */
export function arm(group, failure) {
  const [n] = core.post(group);
  core.abi.inject_arm(n, failure);
}
