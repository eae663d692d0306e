// The harness in a page. The driver evaluates `bench(settings)`; see node.mjs for
// the settings, of which `ours` is a URL here.

import { run } from './bench.mjs';

globalThis.bench = async ({ ours, peer, big, rounds, budget, only }) => {
  const load = async (url) => {
    const response = await fetch(url);
    if (!response.ok) throw new Error(`${url}: ${response.status}`);
    return new Uint8Array(await response.arrayBuffer());
  };
  const peerModule = await import(peer);
  return run({
    ours: ours ? await import(ours) : peerModule,
    peer: peerModule,
    rounds,
    budget,
    only,
    guest: (name) => load(name === 'big' ? big : `guests/${name}.wasm`),
    log: (line) => console.log(line),
  });
};
