// Tests of gate.mjs: node --test web/test/gate.test.mjs

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

import { gate } from '../src/gate.mjs';

test('the gate that bundles make is gate.wasm', async () => {
  const file = await readFile(new URL('../../internal/kernel/gate.wasm', import.meta.url));
  assert.deepEqual(Buffer.from(gate()), file);
});
