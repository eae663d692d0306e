// Echoes the body by way of a guest that waits for a host function, for as many
// milliseconds as the path says; /stats tells how the pool is. Three requests can be
// inside plug-ins at once.

import { createPool } from './extism.edge.mjs';
import suspend from './suspend.wasm';

const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const user = { nothing() {}, i32: () => 0, i64: () => 0n, f32: () => 0, f64: () => 0, pair: () => [0n, 0] };

async function echo(context, at) {
  const text = context.read(at).text();
  await later(context.hostContext());
  return context.store(text);
}

let pool;

// No request waits for a pool that another one makes: the first that is there stays.
async function currentPool() {
  const mine = pool ?? (await createPool(suspend, { max: 3, functions: { 'extism:host/user': { echo }, user } }));
  return (pool ??= mine);
}

export default {
  async fetch(request) {
    const path = new URL(request.url).pathname.slice(1);
    try {
      const pool = await currentPool();
      if (path === 'stats') return Response.json(pool.stats);
      return new Response((await pool.call('echo', await request.text(), Number(path))).bytes());
    } catch (error) {
      return Response.json({ code: error.code, message: String(error.message) }, { status: error.code === 'BUSY' ? 503 : 500 });
    }
  },
};
