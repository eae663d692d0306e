// Memory, in Node: `node --expose-gc memory.mjs '{"measure": …, "sdk": …}'`, one
// measure a process, because what one leaves behind would be in the next one's
// figures. Prints an object of numbers as JSON.
//
// Settings: `measure`, one of the names below; `sdk`, a path, or "" for the peer.

import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

const { measure, sdk: path } = JSON.parse(process.argv[2]);
const sdk = await import(path ? pathToFileURL(path).href : '@extism/extism');

const guest = async (name) => new Uint8Array(
  await readFile(new URL(`guests/${name}.wasm`, import.meta.url)),
);
const create = (data) => sdk.createPlugin({ wasm: [{ data }] });
const input = new TextEncoder().encode('sixteen bytes ok');

/** The core's own memory in bytes and the plug-ins it knows; null: has no core. */
async function core() {
  return (await sdk.coreStats?.()) ?? { memoryBytes: null, plugins: null };
}

/** Resident bytes, once nothing more is given back. */
async function resident() {
  let before = Infinity;
  for (let i = 0; i < 10; i++) {
    globalThis.gc();
    // Memories are released by tasks that the collection only queues.
    await sleep(30);
    const now = process.memoryUsage.rss();
    if (now > before - 64 * 1024) return Math.min(now, before);
    before = now;
  }
  return before;
}

const measures = {
  /** The core after it started and made and called one plug-in. */
  async start() {
    const plugin = await create(await guest('small'));
    await plugin.call('small', input);
    return { core: (await core()).memoryBytes };
  },

  /** The core after large messages: they must pass it by. */
  async large() {
    const plugin = await create(await guest('echo'));
    const message = new Uint8Array(64 << 20).fill(7);
    for (let i = 0; i < 3; i++) {
      const output = (await plugin.call('echo', message)).bytes();
      if (output.length !== message.length || output.at(-1) !== 7) throw new Error('not an echo');
    }
    return { core: (await core()).memoryBytes };
  },

  /** What each of a thousand plug-ins takes that were called once and live on. */
  async alive() {
    const count = 1000;
    const wasm = await guest('small');
    const plugins = [];
    const add = async () => {
      const plugin = await create(wasm);
      await plugin.call('small', input);
      plugins.push(plugin);
    };
    for (let i = 0; i < 20; i++) await add();
    const before = await resident();
    for (let i = 0; i < count; i++) await add();
    const after = await resident();
    // Also keeps the plug-ins reachable until here.
    const stats = await core();
    if (stats.plugins !== null && stats.plugins !== plugins.length) {
      throw new Error(`the core knows ${stats.plugins} plug-ins of ${plugins.length}`);
    }
    return { each: (after - before) / count };
  },

  /**
   * What is left of plug-ins that were made, called and closed: growth from the
   * first to the third thousand. One goes before them, uncounted, while the
   * engine's own heaps are still finding their size.
   */
  async churn() {
    const wasm = await guest('small');
    const thousand = async () => {
      for (let i = 0; i < 1000; i++) {
        const plugin = await create(wasm);
        await plugin.call('small', input);
        await plugin.close();
      }
      return { rss: await resident(), ...(await core()) };
    };
    await thousand();
    const first = await thousand();
    await thousand();
    const third = await thousand();
    return {
      rss: third.rss - first.rss,
      core: third.memoryBytes === null ? null : third.memoryBytes - first.memoryBytes,
      plugins: third.plugins,
    };
  },
};

const result = await measures[measure]();
process.stdout.write(JSON.stringify(result), () => process.exit(0));
